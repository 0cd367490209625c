package sqldb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"signalbox.internal/odb"
)

// sqliteReaders is how many connections may read at a time; each keeps a page
// cache of about 2 MB.
const sqliteReaders = 4

// sqliteDialect is SQLite 3 in WAL mode through ncruces/go-sqlite3.
func sqliteDialect() *dialect {
	return &dialect{
		name:  "sqlite",
		now:   "CAST(unixepoch('subsec')*1000000 AS INTEGER)",
		limit: "LIMIT ?",
		types: map[string]string{
			"ID": "TEXT", "INT": "INTEGER", "FLAG": "INTEGER", "DOC": "TEXT", "BLOB": "BLOB",
		},
		text:         func(string) string { return "TEXT" },
		tableSuffix:  " STRICT",
		classify:     classifySQLite,
		exists:       sqliteExists,
		write:        nil, // the pool that writes begins every transaction as IMMEDIATE
		read:         &sql.TxOptions{ReadOnly: true},
		ddlInTx:      true,
		version:      "SELECT sqlite_version()",
		journalThere: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'odb_schema'",
	}
}

// sqliteExists knows the engine's words, for which it has no code of its own.
func sqliteExists(err error) bool {
	return strings.Contains(err.Error(), "already exists") || strings.Contains(err.Error(), "duplicate column name")
}

func classifySQLite(err error) class {
	// Every error of the driver can be had as a code; not every one is an Error.
	code, ok := errors.AsType[sqlite3.ExtendedErrorCode](err)
	if !ok {
		return classOther
	}
	switch code {
	case sqlite3.CONSTRAINT_UNIQUE, sqlite3.CONSTRAINT_PRIMARYKEY:
		return classUnique
	case sqlite3.CONSTRAINT_FOREIGNKEY:
		return classInUse
	default: // told by the primary code
	}
	switch sqlite3.ErrorCode(code) {
	case sqlite3.BUSY, sqlite3.LOCKED:
		return classRetry
	case sqlite3.CANTOPEN, sqlite3.IOERR, sqlite3.FULL, sqlite3.READONLY, sqlite3.PERM, sqlite3.PROTOCOL:
		return classAway
	case sqlite3.NOTADB, sqlite3.CORRUPT:
		return classForeign
	default:
		return classOther
	}
}

// openSQLite opens the pool that writes, of one connection, so that writers of
// one process queue in it and not for the file's lock, and the pool that reads.
func openSQLite(ctx context.Context, path string) (pools, error) {
	path, err := sqliteFile(path)
	if err != nil {
		return pools{}, err
	}
	write, err := sqlitePool(path, url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", // first, so that it holds for the others
		"journal_mode(wal)",
		"synchronous(full)",
		"foreign_keys(on)",
	}})
	if err != nil {
		return pools{}, err
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		return pools{}, errors.Join(err, write.Close())
	}
	read, err := sqlitePool(path, url.Values{"_pragma": {"busy_timeout(10000)", "query_only(on)"}})
	if err != nil {
		return pools{}, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(sqliteReaders)
	read.SetMaxIdleConns(sqliteReaders)
	read.SetConnMaxIdleTime(time.Minute)
	return pools{write: write, read: read, where: path}, nil
}

func sqlitePool(path string, options url.Values) (*sql.DB, error) {
	options.Set("modeof", path) // the write-ahead log gets the file's mode
	u := url.URL{
		Scheme: "file",
		Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(),
		// SQLite does not read a plus sign as a blank.
		RawQuery: strings.ReplaceAll(options.Encode(), "+", "%20"),
	}
	c, err := new(driver.SQLite).OpenConnector(u.String())
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(patientConnector{c}), nil
}

// patientConnector connects again while the file is locked: SQLite does not
// wait for every lock, such as the one for changing the journal's mode, which
// the processes that open a new file at once all need.
type patientConnector struct{ sqldriver.Connector }

// Connect tries for about as long as a statement waits for its lock.
func (p patientConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	deadline := time.Now().Add(10 * time.Second)
	for attempt := 1; ; attempt++ {
		c, err := p.Connector.Connect(ctx)
		if err == nil || classifySQLite(err) != classRetry || time.Now().After(deadline) {
			return c, err
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// sqliteFile returns the absolute path of the database's file and makes sure
// that it exists and that only its owner may read it.
func sqliteFile(path string) (string, error) {
	if path == "" || path == ":memory:" {
		return "", &odb.Error{Kind: odb.Invalid, Err: errors.New("the DSN names no file; write sqlite:PATH")}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find folder: %w", err)
	}
	for _, name := range []string{path, path + "-shm"} {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return "", away(err)
		}
		if err := errors.Join(ownerOnly(f), f.Close()); err != nil {
			return "", away(err)
		}
	}
	return path, nil
}

// ownerOnly takes away the rights of others on a file that was made elsewhere.
func ownerOnly(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return f.Chmod(info.Mode().Perm() &^ fs.FileMode(0o077))
}

func away(err error) error { return &odb.Error{Kind: odb.Unavailable, Err: err} }
