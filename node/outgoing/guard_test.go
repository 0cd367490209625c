package outgoing

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	ora "github.com/sijms/go-ora/v2"

	"signalbox.internal/odb"
)

// shaky is a driver that breaks down where at says, as go-ora does.
type shaky struct {
	at    string
	conns *int
}

func (s shaky) trip(at string) {
	if s.at == at {
		var nothing *shaky
		nothing.at = "" // the panic that such drivers have
	}
}

func (s shaky) Prepare(string) (driver.Stmt, error)      { s.trip("prepare"); return shakyStmt{s}, nil }
func (s shaky) Begin() (driver.Tx, error)                { return nil, errors.New("not used") }
func (s shaky) Close() error                             { s.trip("close"); return nil }
func (s shaky) Ping(context.Context) error               { s.trip("ping"); return nil }
func (s shaky) ResetSession(context.Context) error       { s.trip("reset"); return nil }
func (s shaky) CheckNamedValue(*driver.NamedValue) error { s.trip("check"); return nil }
func (s shaky) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	s.trip("begin")
	return shakyTx{s}, nil
}

func (s shaky) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	s.trip("exec")
	return driver.RowsAffected(1), nil
}

func (s shaky) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	s.trip("query")
	return &shakyRows{s: s}, nil
}

type shakyTx struct{ s shaky }

func (t shakyTx) Commit() error   { t.s.trip("commit"); return nil }
func (t shakyTx) Rollback() error { t.s.trip("rollback"); return nil }

type shakyStmt struct{ s shaky }

func (t shakyStmt) Close() error                               { t.s.trip("stmt close"); return nil }
func (t shakyStmt) NumInput() int                              { return -1 }
func (t shakyStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("not used") }

func (t shakyStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errors.New("not used") }

func (t shakyStmt) ExecContext(context.Context, []driver.NamedValue) (driver.Result, error) {
	t.s.trip("stmt exec")
	return driver.RowsAffected(1), nil
}

func (t shakyStmt) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	t.s.trip("stmt query")
	return &shakyRows{s: t.s}, nil
}

type shakyRows struct {
	s    shaky
	done bool
}

func (r *shakyRows) Columns() []string                     { r.s.trip("columns"); return []string{"a"} }
func (r *shakyRows) Close() error                          { r.s.trip("rows close"); return nil }
func (r *shakyRows) ColumnTypeDatabaseTypeName(int) string { r.s.trip("type"); return "NUMBER" }
func (r *shakyRows) Next(dest []driver.Value) error {
	r.s.trip("next")
	if r.done {
		return io.EOF
	}
	r.done, dest[0] = true, "1"
	return nil
}

// useAll drives every method of a connection; it returns what failed.
func useAll(ctx context.Context, db *sql.DB) error {
	errs := []error{db.PingContext(ctx)}
	_, err := db.ExecContext(ctx, "x", 1)
	errs = append(errs, err)
	s := &sqlSide{spec: &odb.OutgoingSpec{MaxRows: 10}, dialect: oracleDialect()}
	for _, prepare := range []bool{false, true} {
		s.dialect.prepare = func(bool, int) bool { return prepare }
		_, query := s.query(ctx, db, bound{text: "x"}, 0)
		_, exec := s.run(ctx, db, bound{text: "x"})
		errs = append(errs, query, exec)
	}
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(ctx, nil)
		if errs = append(errs, err); err == nil {
			errs = append(errs, end(tx))
		}
	}
	return errors.Join(append(errs, db.PingContext(ctx))...)
}

func TestPanicsOfDriversAreErrors(t *testing.T) {
	t.Parallel()
	for _, at := range []string{
		"", "connect", "ping", "exec", "query", "prepare", "check", "begin", "commit", "rollback", "stmt exec", "stmt query",
		"stmt close", "columns", "next", "rows close", "type", "reset", "close",
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			conns := 0
			db := sql.OpenDB(connector{connect: guardConnect(func(context.Context) (driver.Conn, error) {
				s := shaky{at: at, conns: &conns}
				s.trip("connect")
				conns++
				return s, nil
			})})
			db.SetMaxOpenConns(1)
			err := errors.Join(useAll(context.Background(), db), db.Close())
			switch at {
			case "":
				if err != nil || conns != 1 {
					t.Errorf("a driver that works: %v on %d connections", err, conns)
				}
			case "stmt close", "rows close", "columns", "type", "reset", "close":
				if conns < 1 { // database/sql keeps these to itself; it is enough that we live
					t.Error("nothing was tried")
				}
			default:
				if !errors.Is(err, errPanic) || !strings.Contains(err.Error(), "nil pointer") {
					t.Errorf("error = %v, want the panic", err)
				}
			}
			if at != "" && at != "connect" && at != "close" && conns < 2 {
				t.Errorf("the broken connection was used again")
			}
		})
	}
}

func TestOracleURL(t *testing.T) {
	t.Parallel()
	cfg := sqlConfig{spec: &odb.OutgoingSpec{
		Driver: "oracle", Host: "db.example", Database: "XEPDB1", Username: "sc:ott", Options: map[string]string{"SSL": "true", "SSL VERIFY": "false", "PREFETCH_ROWS": "100"},
	}}
	const password = "p@ss/w:rd?&%41#"
	conf, err := ora.ParseConfig(oracleURL(cfg, password))
	if err != nil {
		t.Fatal(err)
	}
	if conf.UserID != "sc:ott" || conf.Password != password || conf.ServiceName != "XEPDB1" || conf.PrefetchRows != 100 || !conf.SSL || conf.SSLVerify {
		t.Errorf("the driver reads user %q, password %q, service %q, %+v", conf.UserID, conf.Password, conf.ServiceName, conf.SessionInfo)
	}
	if len(conf.Servers) != 1 || conf.Servers[0].Addr != "db.example" || conf.Servers[0].Port != 1521 {
		t.Errorf("servers = %+v", conf.Servers)
	}
	for text, redacted := range map[string]bool{password: true, url.QueryEscape(password): true, url.UserPassword("", password).String(): true, "other": false} {
		if got := redactorOf(password).clean("x " + text + " y"); strings.Contains(got, "•••") != redacted {
			t.Errorf("clean(%q) = %q", text, got)
		}
	}
	for name, spec := range map[string]odb.OutgoingSpec{
		"service with brackets": {Host: "h", Database: "x)(y"}, "host with brackets": {Host: "h)(", Database: "x"},
		"unknown option": {Host: "h", Database: "x", Options: map[string]string{"TRACE DIR": "/tmp"}, Driver: "x"},
		"bad SSL":        {Host: "h", Database: "x", Options: map[string]string{"SSL": "perhaps"}},
		"bad fetch":      {Host: "h", Database: "x", Options: map[string]string{"LOB FETCH": "perhaps"}},
	} {
		if name == "unknown option" {
			if _, _, err := openDialect(sqlConfig{spec: &spec}); err == nil {
				t.Error("an unknown driver was taken")
			}
			continue
		}
		if _, _, err := openOracle(sqlConfig{spec: &spec}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestOracleValues(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want any }{
		{true, int64(1)}, {false, int64(0)}, {decimal("1.50"), "1.50"}, {int64(7), int64(7)}, {nil, nil}, {"x", "x"},
	} {
		if got, err := bindOracle(tc.in); got != tc.want || err != nil {
			t.Errorf("bindOracle(%v) = %v, %v", tc.in, got, err)
		}
	}
	long := strings.Repeat("x", maxOracleText+1)
	if got, _ := bindOracle(long); got.(ora.Clob).String != long || !got.(ora.Clob).Valid {
		t.Error("long text is no CLOB")
	}
	if got, _ := bindOracle([]byte(long)); string(got.(ora.Blob).Data) != long {
		t.Error("many bytes are no BLOB")
	}
	if _, err := oracleValue(struct{}{}, "XMLType"); err == nil || !strings.Contains(err.Error(), "XMLType") {
		t.Errorf("an unknown type: %v", err)
	}
}
