package outgoing

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/sijms/go-ora/v2/network"

	"signalbox.internal/odb"
	"signalbox.internal/odb/oraconn"
)

func TestGoValuesBecomePlain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, tc := range []struct{ in, want any }{
		{nil, nil},
		{true, true},
		{"x", "x"},
		{now, now},
		{json.Number("7"), int64(7)},
		{json.Number("1.50"), decimal("1.50")},
		{json.Number("9223372036854775808"), decimal("9223372036854775808")},
		{int(-7), int64(-7)},
		{int32(7), int64(7)},
		{uint32(7), int64(7)},
		{uint64(math.MaxUint64), decimal("18446744073709551615")},
		{0.1, decimal("0.1")},
		{float32(0.1), decimal("0.1")},
		{2.0, int64(2)},
		{1e300, decimal("1e+300")},
		{json.Number("x"), errors.New("no number")},
		{json.Number(""), errors.New("no number")},
		{json.Number("1; drop"), errors.New("no number")},
		{math.NaN(), errors.New("not a finite")},
		{math.Inf(1), errors.New("not a finite")},
		{[]string{"a"}, errors.New("[]string")},
		{map[string]any{}, errors.New("map[string]")},
	} {
		got, err := plainParam(tc.in)
		if want, fails := tc.want.(error); fails {
			if err == nil || !strings.Contains(err.Error(), want.Error()) {
				t.Errorf("plainParam(%#v) = %#v, %v; want the error %v", tc.in, got, err, want)
			}
		} else if err != nil || got != tc.want {
			t.Errorf("plainParam(%#v) = %#v, %v; want %#v", tc.in, got, err, tc.want)
		}
	}
}

func TestTimesAsParameters(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 23, 59, 59, 5e8, time.FixedZone("", 7200))
	for name, want := range map[string]any{
		"sqlite": "2026-01-31T21:59:59.5Z", "postgres": "2026-01-31T21:59:59.5Z", "mysql": "2026-01-31 21:59:59.5", "oracle": at,
	} {
		if got, err := dialects()[name].bind(at); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
}

func TestOddRowValues(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 10, 0, 0, 0, time.FixedZone("", 7200))
	for _, tc := range []struct {
		dbms     string
		in       any
		typeName string
		want     any
	}{
		{"oracle", at, "DATE", "2026-01-31T10:00:00Z"},
		{"oracle", at, "TimeStampTZ", "2026-01-31T08:00:00Z"},
		{"oracle", float32(1.5), "IBFloat", 1.5},
		{"oracle", "12.50", "NUMBER", "12.50"},
		{"mysql", []byte("0000-00-00 00:00:00"), "DATETIME", "0000-00-00T00:00:00Z"},
		{"mysql", []byte(`{"a":1}`), "JSON", json.RawMessage(`{"a":1}`)},
		{"mysql", []byte(strings.Repeat("[", 300)), "JSON", strings.Repeat("[", 300)},
		{"mysql", []byte("x"), "MEDIUMBLOB", []byte("x")},
		{"mysql", []byte("x"), "MEDIUMTEXT", "x"},
		{"sqlite", math.Inf(1), "DECIMAL", math.Inf(1)},
		{"sqlite", int64(7), "NUMERIC", "7"},
		{"sqlite", time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), "DATETIME", "2026-01-31T00:00:00Z"},
		{"postgres", []byte("{"), "JSON", "{"},
	} {
		got, err := dialects()[tc.dbms].value(tc.in, tc.typeName)
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s %s: %#v, %v; want %#v", tc.dbms, tc.typeName, got, err, tc.want)
		}
	}
}

func TestMySQLOptions(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"": "", "tls=true": "", "tls=false": "", "tls=skip-verify": "", "tls=perhaps": "option tls", "collation=utf8mb4_bin": "", "charset=latin1": "",
		"sql_mode=x', b='": "quote", "time_zone=\\": "backslash",
	} {
		spec := &odb.OutgoingSpec{Driver: "mysql", Host: "db.example", Options: map[string]string{}}
		if name, value, ok := strings.Cut(options, "="); ok {
			spec.Options[name] = value
		}
		_, _, err := openDialect(sqlConfig{spec: spec})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", options, err, want)
		}
	}
}

func TestPostgresOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spec odb.OutgoingSpec
		want string
	}{
		"plain":       {odb.OutgoingSpec{Host: "db.example", Options: map[string]string{"sslmode": "verify-full", "search_path": "a,b"}}, ""},
		"injection":   {odb.OutgoingSpec{Host: "db.example", Database: `x' sslmode='disable' host='evil`, Username: `\`}, ""},
		"bad mode":    {odb.OutgoingSpec{Host: "db.example", Options: map[string]string{"sslmode": "perhaps"}}, "sslmode"},
		"unix socket": {odb.OutgoingSpec{Host: "/var/run/postgresql"}, "not one name"},
		"two hosts":   {odb.OutgoingSpec{Host: "a,b"}, "not one name"},
	} {
		conf, err := postgresConfig(&tc.spec)
		if err == nil && (conf.Host != "db.example" || conf.Database != tc.spec.Database || conf.Port != 5432 || tc.spec.Username != "" && conf.User != tc.spec.Username) {
			t.Errorf("%s: the driver reads %s, %q, %q", name, conf.Host, conf.Database, conf.User)
		}
		if err == nil && (conf.TLSConfig == nil || (len(conf.Fallbacks) == 0) != (tc.spec.Options["sslmode"] == "verify-full")) {
			t.Errorf("%s: TLS %v with %d fallbacks", name, conf.TLSConfig, len(conf.Fallbacks))
		}
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestFaultsOfDatabases(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]dbFault{
		1: {constraint: "unique"}, 2291: {constraint: "foreign_key"}, 2292: {constraint: "foreign_key"}, 1400: {constraint: "not_null"},
		2290: {constraint: "check"}, 60: {transient: true}, 3113: {lost: true}, 942: {},
	} {
		got, ok := oracleFault(fmt.Errorf("exec: %w", &network.OracleError{ErrCode: code, ErrMsg: "m"}))
		want.number, want.message = code, got.message
		if !ok || got != want {
			t.Errorf("ORA-%05d: %+v, want %+v", code, got, want)
		}
	}
	if got, ok := mysqlFault(&mysql.MySQLError{Number: 1213, SQLState: [5]byte{'4', '0', '0', '0', '1'}}); !ok || !got.transient || got.sqlstate != "40001" {
		t.Errorf("a MySQL deadlock: %+v", got)
	}
	for err, want := range map[error]bool{
		io.EOF: true, driver.ErrBadConn: true, net.ErrClosed: true, oraconn.ErrPanic: true, &net.OpError{Op: "read", Err: io.EOF}: true, errors.New("x"): false,
	} {
		if broken(err) != want {
			t.Errorf("broken(%v) = %v", err, !want)
		}
	}
}

func TestMessagesAreShort(t *testing.T) {
	t.Parallel()
	got := redactor{}.clean("a\nb\t c\xff" + strings.Repeat("é", 1000))
	if !strings.HasPrefix(got, "a b c�é") || len(got) > maxMessage+len("…") || !strings.HasSuffix(got, "é…") {
		t.Errorf("clean = %d bytes %q", len(got), got)
	}
}
