package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// moveTimeout is how long the calls that run on the old database may hold up the
// move to the new one, and how long a write waits for it.
const moveTimeout = 10 * time.Second

// followODB moves the running node to where its ODB has gone.
func (n *Node) followODB(ctx context.Context, m *odb.Moved) error {
	from := n.store.where()
	db, dsn, err := n.place.follow(ctx, m)
	if err != nil {
		return fmt.Errorf("follow the ODB to %s: %w", m.To, err)
	}
	if err := n.place.remember(from, dsn); err != nil {
		n.log.WarnContext(ctx, "the new address of the ODB cannot be remembered; the node follows the old database again at its next start", "error", err)
	}
	n.log.InfoContext(ctx, "ODB has moved", "to", m.To, "by", m.By)
	ctx, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	if err := n.store.swap(ctx, dsn, db); err != nil {
		n.log.WarnContext(ctx, "the old database cannot be closed", "error", err)
	}
	return nil
}

// odbTools is the ODB itself for the admin API.
type odbTools struct{ n *Node }

// CheckODB implements admin.ODBTools.
func (t odbTools) CheckODB(ctx context.Context) (odb.CheckReport, error) {
	return sqldb.Check(ctx, sqldb.Config{DSN: t.n.store.where(), Log: t.n.log})
}

// CopyODB implements admin.ODBTools: it returns when this node uses the new database.
func (t odbTools) CopyODB(ctx context.Context, to, by string, progress func(client.CopyStep)) (client.CopiedODB, error) {
	done, err := t.n.place.copy(ctx, t.n.store.where(), to, by, progress)
	if err != nil {
		return done, err
	}
	t.n.rec.hint()
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), moveTimeout)
	defer cancel()
	done.Followed = t.n.store.becomes(wait, t.n.place.absolute(to)) == nil
	return done, nil
}

// copy moves an ODB to another database.
func (p *odbPlace) copy(ctx context.Context, from, to, by string, progress func(client.CopyStep)) (client.CopiedODB, error) {
	const op = "copy ODB"
	to = p.absolute(to)
	target, err := odb.ParseDSN(to)
	if err != nil {
		return client.CopiedODB{}, odb.Errorf(odb.Invalid, op, "", "the DSN of the new database %w", err)
	}
	if address(from) == address(to) {
		return client.CopiedODB{}, odb.Errorf(odb.Invalid, op, target.Where(), "this is where the ODB is")
	}
	source, err := sqldb.Open(ctx, sqldb.Config{DSN: from, Log: p.log})
	if err != nil {
		return client.CopiedODB{}, err
	}
	defer func() { _ = source.Close() }() //nolint:contextcheck // all is committed
	fresh, err := sqldb.Open(ctx, sqldb.Config{DSN: to, Log: p.log})
	if err != nil {
		if odb.KindOf(err) == odb.Unavailable { // said of the other one, not of ours
			err = odb.Errorf(odb.Invalid, op, target.Where(), "the new database cannot be opened: %w", errors.Unwrap(err))
		}
		return client.CopiedODB{}, err
	}
	defer func() { _ = fresh.Close() }() //nolint:contextcheck // all is committed
	res, err := sqldb.Copy(ctx, sqldb.CopyConfig{
		From: source, To: fresh, Target: target, DSN: to, Seal: p.seal, By: by,
		Progress: func(phase sqldb.CopyPhase, at sqldb.Progress) {
			progress(client.CopyStep{Phase: string(phase), Table: at.Table, Rows: at.Rows})
		},
	})
	if err != nil {
		return client.CopiedODB{}, err
	}
	done := client.CopiedODB{ID: res.ID, From: address(from), To: target.String(), Revision: res.Sum.Revision, Rows: res.Sum.Rows, FrozenMS: res.Frozen.Milliseconds()}
	for _, s := range res.Sum.Tables {
		done.Tables = append(done.Tables, client.TableSum(s))
	}
	return done, nil
}
