package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"signalbox.internal/odb"
)

// maxReport is the longest report of a member, in bytes.
const maxReport = 4000

// EnrolMember makes a node a member; see [odb.Members].
func (db *DB) EnrolMember(ctx context.Context, m odb.Member) error {
	const op = "enrol node"
	m.Name = odb.CleanName(m.Name)
	var faults odb.Faults
	if !odb.IsID(m.ID) {
		faults.Add("/id", "is %.40q; the id from a node's key is needed", m.ID)
	}
	if err := odb.CheckName(m.Name); err != nil {
		faults.Add("/name", "%v", err)
	}
	if msg := textFault(m.By, maxActor); msg != "" {
		faults.Add("/by", "who lets it in %s", msg)
	}
	report, err := reportText(m.MemberReport)
	if err != nil {
		faults.Add("", "%v", err)
	}
	if err := faults.Err(op, m.Name); err != nil {
		return err
	}
	return db.change(ctx, op, m.Name, func(t *tx) error {
		if _, err := t.run(lockRevision); err != nil { // one after the other
			return err
		}
		known, err := t.members(allMembers)
		if err != nil {
			return err
		}
		for _, k := range known {
			switch {
			case k.ID == m.ID && !k.Removed.IsZero():
				return odb.Errorf(odb.Denied, op, m.Name, "the node %s was removed from the cluster; give it a new key (a new folder) and let it join again", m.ID)
			case k.ID == m.ID:
				return nil
			case k.Name == m.Name && k.Removed.IsZero():
				return odb.Errorf(odb.Conflict, op, m.Name, "another node (%s) has the name %q; choose another with --name, or remove that one", k.ID, m.Name)
			}
		}
		_, err = t.run(insertMember, m.ID, m.Name, m.Name, string(odb.Online), nullable(m.By), t.d.long(report))
		return err
	})
}

func reportText(r odb.MemberReport) (string, error) {
	text, err := json.Marshal(r)
	if err == nil && len(text) > maxReport {
		err = fmt.Errorf("the report has more than %d bytes", maxReport)
	}
	return string(text), err
}

// ReportMember stores what a member says of itself; see [odb.Members].
func (db *DB) ReportMember(ctx context.Context, id string, r odb.MemberReport) error {
	const op = "report node"
	text, err := reportText(r)
	if err != nil {
		return odb.Errorf(odb.Invalid, op, id, "%w", err)
	}
	return db.changeMember(ctx, op, id, reportMember, db.dialect.long(text), id)
}

// SetRotation changes what a member is given to do.
func (db *DB) SetRotation(ctx context.Context, id string, r odb.Rotation) error {
	const op = "set rotation"
	if !r.Valid() {
		return odb.Errorf(odb.Invalid, op, id, "the rotation is %.40q; one of online, draining, maintenance is needed", r)
	}
	return db.changeMember(ctx, op, id, rotateMember, string(r), id)
}

// RemoveMember shuts a member out for ever. Its name is free for another.
func (db *DB) RemoveMember(ctx context.Context, id string) error {
	return db.changeMember(ctx, "remove node", id, removeMember, "~"+id, id)
}

func (db *DB) changeMember(ctx context.Context, op, id string, s statement, args ...any) error {
	return db.change(ctx, op, id, func(t *tx) error {
		n, err := t.run(s, args...)
		if err == nil && n == 0 {
			return odb.Errorf(odb.NotFound, op, id, "it is no member of the cluster")
		}
		return err
	})
}

// ListMembers returns every node ever enrolled, by name.
func (db *DB) ListMembers(ctx context.Context) ([]odb.Member, error) {
	var out []odb.Member
	err := db.look(ctx, "list nodes", "", func(t *tx) (err error) {
		out, err = t.members(allMembers)
		return err
	})
	// Here, because databases sort texts differently.
	slices.SortFunc(out, func(a, b odb.Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

func (t *tx) members(s statement, args ...any) ([]odb.Member, error) {
	var out []odb.Member
	err := t.each(s, args, func(rows *sql.Rows) error {
		var m odb.Member
		var by *string
		var report []byte
		var joined, seen, removed int64
		if err := rows.Scan(&m.ID, &m.Name, (*string)(&m.Rotation), &by, &report, &joined, &seen, &removed); err != nil {
			return err
		}
		if err := json.Unmarshal(report, &m.MemberReport); err != nil {
			return errors.Join(fmt.Errorf("read the report of node %s", m.Name), err)
		}
		m.By, m.Joined, m.Seen = text(by), instant(joined), instant(seen)
		if removed != 0 {
			m.Removed = instant(removed)
		}
		out = append(out, m)
		return nil
	})
	return out, err
}
