package sqldb

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"signalbox.internal/odb"
)

// A transaction that the database gives up on is run again, all of it, and the
// attempts that failed leave nothing.
func TestChangeRunsAgain(t *testing.T) {
	errAgain, errTaken := errors.New("again"), errors.New("taken")
	for name, tc := range map[string]struct {
		failure  error
		failures int // of the first attempts
		attempts int
		kind     odb.ErrorKind // of the outcome; Internal means none
	}{
		"at once":             {errAgain, 0, 1, odb.Internal},
		"after two failures":  {errAgain, 2, 3, odb.Internal},
		"a key that is taken": {errTaken, 1, 2, odb.Internal},
		"never":               {errAgain, 100, maxAttempts, odb.Unavailable},
		"taken for ever":      {errTaken, 100, maxAttempts, odb.Conflict},
		"ours":                {odb.Errorf(odb.NotFound, "find", "it", "gone"), 100, 1, odb.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			d := *db.dialect
			d.classify = func(err error) class {
				switch {
				case errors.Is(err, errAgain):
					return classRetry
				case errors.Is(err, errTaken):
					return classUnique
				}
				return classOther
			}
			db.dialect = &d
			attempts := 0
			err = db.change(t.Context(), "test", "it", func(tx *tx) error {
				attempts++
				if _, err := tx.run(bumpRevision); err != nil {
					return err
				}
				if attempts <= tc.failures {
					return tc.failure
				}
				return nil
			})
			want := int64(1)
			if tc.kind != odb.Internal {
				want = 0
			}
			rev, revErr := db.Revision(t.Context())
			if odb.KindOf(err) != tc.kind || (err == nil) != (tc.kind == odb.Internal) || attempts != tc.attempts || rev != want || revErr != nil {
				t.Errorf("change() = %v after %d attempts, at revision %d, %v", err, attempts, rev, revErr)
			}
		})
	}
}

func TestChangeStopsWithItsCaller(t *testing.T) {
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithCancel(t.Context())
	err = db.change(ctx, "test", "it", func(tx *tx) error {
		if _, err := tx.run(bumpRevision); err != nil {
			return err
		}
		cancel()
		_, err := tx.run(bumpRevision)
		return err
	})
	if !errors.Is(err, context.Canceled) || odb.KindOf(err) != odb.Unavailable {
		t.Errorf("change() = %v, want context.Canceled in an error of kind unavailable", err)
	}
	if rev, err := db.Revision(t.Context()); rev != 0 || err != nil {
		t.Errorf("a cancelled change left revision %d, %v", rev, err)
	}
}
