package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver" // the other drivers come with build/testservers
)

// bareTx is the least that a change could be: a transaction that counts one up
// and adds one row, with prepared statements.
type bareTx struct {
	db          *sql.DB
	bump, write *sql.Stmt
}

func openBare(ctx context.Context, driver, dsn string) (*bareTx, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	b := &bareTx{db: db}
	for _, text := range []string{
		`CREATE TABLE bare_count (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL)`,
		`INSERT INTO bare_count (id, n) VALUES (1, 0)`,
		`CREATE TABLE bare_log (n INTEGER NOT NULL PRIMARY KEY, what VARCHAR(200) NOT NULL)`,
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	write := `INSERT INTO bare_log (n, what) VALUES (?, ?)`
	if driver == "pgx" {
		write = `INSERT INTO bare_log (n, what) VALUES ($1, $2)`
	}
	b.bump, err = db.PrepareContext(ctx, `UPDATE bare_count SET n = n + 1 WHERE id = 1`)
	if err == nil {
		b.write, err = db.PrepareContext(ctx, write)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return b, nil
}

func (b *bareTx) run(ctx context.Context, n int) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()                                    // after a commit it does nothing
	if _, err := tx.StmtContext(ctx, b.bump).ExecContext(ctx); err != nil { //nolint:sqlclosecheck // the transaction's end does it
		return err
	}
	if _, err := tx.StmtContext(ctx, b.write).ExecContext(ctx, n, "a bench of this product"); err != nil { //nolint:sqlclosecheck // the same
		return err
	}
	return tx.Commit()
}

// usedTime returns how long a process with all its children, and this process,
// have used the processors.
func usedTime(pid int) (used [2]time.Duration, err error) {
	if used[0], err = processTime(pid); err != nil {
		return used, err
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return used, err
	}
	used[1] = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	return used, nil
}

// tick is the unit of times in /proc on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// processTime adds up a process, the children that it has and those it had.
func processTime(pid int) (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	sum, found := time.Duration(0), false
	for _, name := range files {
		text, err := os.ReadFile(name) //nolint:gosec // of /proc
		if err != nil {
			continue // it has ended meanwhile
		}
		// After the program's name, in brackets: state, parent, …
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 15 {
			return 0, fmt.Errorf("%s has %d fields", name, len(fields))
		}
		ours := filepath.Dir(name) == "/proc/"+strconv.Itoa(pid)
		if !ours && fields[1] != strconv.Itoa(pid) {
			continue
		}
		found = found || ours
		for _, field := range fields[11:15] { // in its own code and the kernel's, then the same of children that ended
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read %s: %w", name, err)
			}
			sum += time.Duration(n) * tick
		}
	}
	if !found {
		return 0, fmt.Errorf("there is no process %d", pid)
	}
	return sum, nil
}
