package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"signalbox.internal/node/deploy"
	"signalbox.internal/node/lastgood"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// LastGoodFile is the file of a node's folder with the last configuration that
// was in force, sealed.
const LastGoodFile = "snapshot.sealed"

// firstOpen is how long the ODB may take to open at the start of a node that can
// start without it.
const firstOpen = 10 * time.Second

// forgetLastGood removes what an earlier node of a folder has kept: a new one, or a
// restored one, has its ODB to go by.
func forgetLastGood(dir string) error {
	return ignoreMissing(os.Remove(filepath.Join(dir, LastGoodFile)))
}

// openStore opens the ODB. A node that has a last good configuration starts
// without it, and the link goes on trying.
func (n *Node) openStore(ctx context.Context) error {
	file, err := lastgood.NewFile(lastgood.Config{Path: filepath.Join(n.cfg.Dir, LastGoodFile), Box: n.keyring, Cluster: n.cfg.Cluster})
	if err != nil {
		return err
	}
	n.store = newODBLink(n.place.start(ctx), n.log, n.openODB)
	n.onClose(n.store.Close)
	n.keeper = &keeper{
		store: n.store, file: file, ring: n.keyring, log: n.log.With("component", "keeper"), wake: make(chan struct{}, 1),
		code: deploy.NewCache(filepath.Join(n.cfg.Dir, dataDir, "packages"), n.store, n.log),
	}
	n.store.onAccess = n.keeper.accessChanged
	n.readLastGood(ctx, file)
	if n.lastGood == nil {
		return n.store.tryOpen(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, firstOpen)
	defer cancel()
	_ = n.store.tryOpen(ctx) // it is kept as the reason why the ODB is away
	return nil
}

// openODB opens a database and brings its tables up to date.
func (n *Node) openODB(ctx context.Context, dsn string) (odb.Store, error) {
	return sqldb.Open(ctx, sqldb.Config{DSN: dsn, Log: n.log})
}

// readLastGood reads the sealed file. One that cannot be read is as good as none.
func (n *Node) readLastGood(ctx context.Context, file *lastgood.File) {
	state, err := file.Read()
	switch {
	case err == nil:
		n.lastGood = &state
		n.keeper.start(state)
		n.store.know(state.Revision)
	case !errors.Is(err, fs.ErrNotExist):
		n.log.WarnContext(ctx, "last good configuration cannot be used; the node starts only with its ODB", "error", err)
	}
}

// startConfiguration brings a configuration into force before anything is served:
// the ODB's, or while that cannot be had the last good one.
func (n *Node) startConfiguration(ctx context.Context) error {
	defer func() {
		if n.lastGood != nil {
			n.lastGood.Definitions = nil // the snapshot has what is needed of them
		}
	}()
	err := n.rec.step(ctx)
	if err == nil {
		n.makeClaimCode(ctx)
		return nil
	}
	err = fmt.Errorf("start node %s: %w", n.cfg.Name, err)
	if n.lastGood == nil || ctx.Err() != nil || errors.Is(err, ErrRemoved) {
		return err
	}
	snap, serr := n.lastGood.Snapshot()
	if serr := n.rec.serve(ctx, snap, serr); serr != nil {
		return errors.Join(err, fmt.Errorf("start node %s with the last good configuration: %w", n.cfg.Name, serr))
	}
	_, why := n.rec.odbHealth()
	n.log.WarnContext(ctx, "node starts with its last good configuration", "revision", snap.Revision(), "saved", n.lastGood.Saved, "error", why)
	return nil
}

// registerCompiled makes sure that the services of this binary have definitions.
func (n *Node) registerCompiled(ctx context.Context) error {
	if err := n.enrol(ctx); err != nil {
		return err
	}
	if err := n.deployer.RegisterCompiled(ctx, n.compiled(), n.cfg.Name); err != nil {
		return fmt.Errorf("register the compiled-in services: %w", err)
	}
	return nil
}

// notice says what whoever starts the node has to know; empty when all is well.
func (n *Node) notice() string {
	_, err := n.rec.odbHealth()
	if err == nil || n.lastGood == nil || n.rec.Snapshot().Revision() == 0 {
		return ""
	}
	return fmt.Sprintf("the ODB is %s; serving revision %d of %s", word(isBehind(err), "behind", "away"),
		n.rec.Snapshot().Revision(), n.lastGood.Saved.Local().Format(time.DateTime))
}

// acceptODB takes the ODB as it is though it is behind the node, and returns the
// revision that is in force then.
func (n *Node) acceptODB(ctx context.Context) (int64, error) {
	if err := n.store.accept(); err != nil {
		return 0, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		n.rec.hint()
		if _, err := n.rec.odbHealth(); err == nil {
			return n.rec.Snapshot().Revision(), nil
		}
		select {
		case <-ctx.Done():
			_, err := n.rec.odbHealth()
			return 0, odb.Errorf(odb.Unavailable, "accept ODB", "", "it is accepted, but not in force yet: %w", err)
		case <-tick.C:
		}
	}
}
