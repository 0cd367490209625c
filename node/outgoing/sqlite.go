package outgoing

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	sqlite "github.com/ncruces/go-sqlite3/driver"
)

// pragmaDefaults are set on every connection, in this order: waiting for a lock
// comes first, so that setting the others can wait.
func pragmaDefaults() [][2]string {
	return [][2]string{{"busy_timeout", "10000"}, {"journal_mode", "wal"}, {"synchronous", "full"}, {"foreign_keys", "on"}}
}

var pragmaValue = regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`)

// openSQLite opens a file in the node's data folder.
func openSQLite(cfg sqlConfig) (connectFunc, dialect, error) {
	if cfg.spec.Database != filepath.Base(cfg.spec.Database) {
		return nil, dialect{}, fmt.Errorf("the database %q is not a plain file name", cfg.spec.Database)
	}
	query := url.Values{"_txlock": {"immediate"}}
	for _, p := range pragmaDefaults() {
		name, value := p[0], p[1]
		if set, ok := cfg.spec.Options[name]; ok {
			value = set
		}
		if !pragmaValue.MatchString(value) {
			return nil, dialect{}, fmt.Errorf("the option %s is %q; a word or a number is needed", name, value)
		}
		query.Add("_pragma", name+"("+value+")")
	}
	path, err := filepath.Abs(filepath.Join(cfg.dataDir, cfg.spec.Database))
	if err != nil {
		return nil, dialect{}, fmt.Errorf("find the data folder: %w", err)
	}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + query.Encode()
	inner, err := (&sqlite.SQLite{}).OpenConnector(dsn)
	if err != nil {
		return nil, dialect{}, fmt.Errorf("open %s: %w", cfg.spec.Database, err)
	}
	return func(ctx context.Context) (driver.Conn, error) {
		if err := os.MkdirAll(cfg.dataDir, 0o700); err != nil {
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
		conn, err := inner.Connect(ctx)
		if err != nil {
			return nil, err
		}
		raw, ok := conn.(sqlite.Conn)
		if !ok {
			return nil, errors.Join(errors.New("the driver gave an unknown connection"), conn.Close())
		}
		// No statement may reach another file of this machine.
		raw.Raw().Limit(sqlite3.LIMIT_ATTACHED, 0)
		return conn, nil
	}, sqliteDialect(), nil
}

func sqliteDialect() dialect {
	return dialect{
		lexis:   lexis{backtick: true, bracket: true, refuse: "?@$#", colonDigit: true},
		mark:    func(n int) string { return "?" + strconv.Itoa(n) },
		once:    true,
		banned:  []string{"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA"},
		prepare: func(bool, int) bool { return true },
		counts: func(keyword string) bool {
			return slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"}, keyword)
		},
		bind:  bindSQLite,
		value: sqliteValue,
		fault: sqliteFault,
	}
}

// bindSQLite gives a decimal as SQLite's own floating-point number when that
// holds it exactly as written, else as text.
func bindSQLite(v any) (any, error) {
	switch v := v.(type) {
	case decimal:
		f, err := strconv.ParseFloat(string(v), 64)
		if err == nil && digits(strconv.FormatFloat(f, 'e', -1, 64)) == digits(string(v)) {
			return f, nil
		}
		return string(v), nil
	case time.Time:
		return instant(v), nil
	}
	return v, nil
}

// digits returns the significant digits of a number's text.
func digits(text string) string {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	return strings.Trim(strings.NewReplacer("-", "", "+", "", ".", "").Replace(mantissa), "0")
}

// sqliteValue goes by the column's declared type, where it has one.
func sqliteValue(v any, typeName string) (any, error) {
	exact := strings.HasPrefix(typeName, "DECIMAL") || strings.HasPrefix(typeName, "NUMERIC")
	switch v := v.(type) {
	case int64:
		if exact {
			return strconv.FormatInt(v, 10), nil
		}
	case float64:
		if exact {
			return decimalText(v), nil
		}
	case time.Time:
		midnight := v.Equal(v.Truncate(24 * time.Hour))
		switch {
		case typeName == "DATE" && midnight:
			return dateOnly(v), nil
		case typeName == "TIME":
			return v.Format("15:04:05.999999999"), nil
		case typeName == "":
			return v.Format(time.RFC3339Nano), nil // text that happens to be a time
		}
		return instant(v), nil
	}
	return v, nil
}

func sqliteFault(err error) (dbFault, bool) {
	e, ok := errors.AsType[*sqlite3.Error](err)
	if !ok {
		return dbFault{}, false
	}
	f := dbFault{message: strings.TrimPrefix(e.Error(), "sqlite3: "), number: int(e.ExtendedCode())}
	switch e.ExtendedCode() {
	case sqlite3.CONSTRAINT_UNIQUE, sqlite3.CONSTRAINT_PRIMARYKEY, sqlite3.CONSTRAINT_ROWID:
		f.constraint = constraintUnique
	case sqlite3.CONSTRAINT_FOREIGNKEY:
		f.constraint = constraintForeignKey
	case sqlite3.CONSTRAINT_NOTNULL:
		f.constraint = constraintNotNull
	case sqlite3.CONSTRAINT_CHECK:
		f.constraint = constraintCheck
	default:
	}
	switch e.Code() {
	case sqlite3.BUSY, sqlite3.LOCKED:
		f.transient = true
	case sqlite3.CANTOPEN, sqlite3.IOERR, sqlite3.FULL:
		f.lost = true
	default:
	}
	return f, true
}
