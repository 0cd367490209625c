package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/config"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// ErrRunning is what [OpenStopped] returns, wrapped, while a node runs on the folder.
var ErrRunning = errors.New("a node runs on the folder")

// StoppedODB is the ODB of a node that does not run, for administrators on its box.
type StoppedODB struct {
	place odbPlace
	lock  *folderLock
}

// OpenStopped takes the folder of a node that does not run, so that none starts
// meanwhile. It opens no database. Close lets go of the folder.
func OpenStopped(cfg config.Config, log *slog.Logger) (*StoppedODB, error) {
	if !config.Exists(cfg.Dir) {
		return nil, fmt.Errorf("there is no node in %s", cfg.Dir)
	}
	lock, err := lockFolder(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRunning, err)
	}
	keyring, err := security.OpenKeyring(filepath.Join(cfg.Dir, keysDir, "secrets.keys"))
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return &StoppedODB{lock: lock, place: odbPlace{dir: cfg.Dir, dsn: cfg.ODB, keyring: keyring, log: log}}, nil
}

// Close lets go of the folder.
func (s *StoppedODB) Close() error { return s.lock.release() }

// DSN returns where the node's ODB is, after all moves. It may have a password.
func (s *StoppedODB) DSN(ctx context.Context) (string, error) {
	dsn := s.place.start(ctx)
	for range maxMoves {
		m := s.moved(ctx, dsn)
		if m == nil {
			return dsn, nil
		}
		db, next, err := s.place.follow(ctx, m)
		if err != nil {
			return "", fmt.Errorf("follow the ODB to %s: %w", m.To, err)
		}
		if err := errors.Join(db.Close(), s.place.remember(dsn, next)); err != nil { //nolint:contextcheck // closing has no context
			return "", err
		}
		dsn = next
	}
	return "", fmt.Errorf("the ODB has moved more than %d times; set odb in %s to where it is", maxMoves, config.FileName)
}

// moved returns the mark of a database; nil when it has none or says nothing.
func (s *StoppedODB) moved(ctx context.Context, dsn string) *odb.Moved {
	_, open, err := sqldb.Plan(ctx, sqldb.Config{DSN: dsn, Log: s.place.log})
	if err != nil || len(open) > 0 {
		return nil // whoever works on it finds out
	}
	db, err := sqldb.Open(ctx, sqldb.Config{DSN: dsn, Log: s.place.log})
	if err != nil {
		return nil // as above
	}
	defer func() { _ = db.Close() }() //nolint:contextcheck // it was only read
	m, _ := errors.AsType[*odb.Moved](db.Marked(ctx))
	return m
}

// Copy moves the ODB to another database; see [sqldb.Copy]. The node starts there
// from now on.
func (s *StoppedODB) Copy(ctx context.Context, to string, progress func(client.CopyStep)) (client.CopiedODB, error) {
	from, err := s.DSN(ctx)
	if err != nil {
		return client.CopiedODB{}, err
	}
	done, err := s.place.copy(ctx, from, to, "the node's own box", progress)
	if err != nil {
		return done, err
	}
	if err := s.place.remember(from, s.place.absolute(to)); err != nil {
		return done, fmt.Errorf("the ODB was copied, but its new address cannot be remembered; set odb in %s to it: %w", config.FileName, err)
	}
	done.Followed = true
	return done, nil
}

// CheckODB looks a database over; see [sqldb.Check].
func CheckODB(ctx context.Context, dsn string, log *slog.Logger) (odb.CheckReport, error) {
	return sqldb.Check(ctx, sqldb.Config{DSN: dsn, Log: log})
}

// Migration says how the tables of a database are, or were.
type Migration struct {
	Schema int      `json:"schema"` // newest migration applied
	Knows  int      `json:"knows"`  // newest that this program knows
	Steps  []string `json:"steps"`  // what is between, by name
	Made   bool     `json:"made"`   // and was made
}

// MigrateODB brings the tables of a database up to date; with plan it only tells
// what is open.
func MigrateODB(ctx context.Context, dsn string, plan bool, log *slog.Logger) (Migration, error) {
	cfg := sqldb.Config{DSN: dsn, Log: log}
	m := Migration{Knows: sqldb.SchemaVersion(), Steps: []string{}}
	schema, steps, err := sqldb.Plan(ctx, cfg)
	fresh := odb.KindOf(err) == odb.NotFound // a file that is not there yet
	if err != nil && (plan || !fresh) {
		return m, err
	}
	m.Schema, m.Steps = schema, append(m.Steps, steps...)
	if plan || !fresh && len(steps) == 0 {
		return m, nil
	}
	db, err := sqldb.Open(ctx, cfg)
	if err != nil {
		return m, err
	}
	m.Made = true
	return m, db.Close() //nolint:contextcheck // closing has no context
}

// ReopenODB makes a database take changes again that was moved away.
func ReopenODB(ctx context.Context, dsn string, log *slog.Logger) error {
	cfg := sqldb.Config{DSN: dsn, Log: log}
	_, open, err := sqldb.Plan(ctx, cfg) // opening would make tables, and a file
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return odb.Errorf(odb.Conflict, "reopen ODB", "", "its tables are not those of this program")
	}
	db, err := sqldb.Open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(db.Reopen(ctx), db.Close()) //nolint:contextcheck // closing has no context
}
