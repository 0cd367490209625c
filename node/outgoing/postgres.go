package outgoing

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres connects to PostgreSQL. The options of the definition are words
// of the connection string; everything else is set field by field, so that no
// value can add a setting.
func openPostgres(cfg sqlConfig) (connectFunc, dialect, error) {
	if strings.ContainsAny(cfg.spec.Host, "/,@ ") {
		return nil, dialect{}, fmt.Errorf("the host %q is not one name or address", cfg.spec.Host)
	}
	settings := map[string]string{
		"host": cfg.spec.Host, "dbname": cfg.spec.Database, "user": cfg.spec.Username, "sslmode": "prefer",
		"port": strconv.Itoa(port(cfg.spec.Port, 5432)), "application_name": "signalbox", "timezone": "UTC",
	}
	maps.Copy(settings, cfg.spec.Options)
	var dsn strings.Builder
	for name, value := range settings {
		if value != "" {
			fmt.Fprintf(&dsn, "%s='%s' ", name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value))
		}
	}
	conf, err := pgx.ParseConfig(dsn.String())
	if err != nil {
		return nil, dialect{}, fmt.Errorf("read the options: %w", err)
	}
	conf.DialFunc = cfg.dial
	conf.ConnectTimeout = cfg.spec.ConnectTimeout.Std()
	inner := stdlib.GetConnector(*conf, stdlib.OptionBeforeConnect(func(_ context.Context, c *pgx.ConnConfig) error {
		password, err := cfg.password()
		c.Password = password
		return err
	}))
	return func(ctx context.Context) (driver.Conn, error) { return inner.Connect(ctx) }, postgresDialect(), nil
}

func port(set, usual int) int {
	if set != 0 {
		return set
	}
	return usual
}

func postgresDialect() dialect {
	return dialect{
		lexis: lexis{nested: true, dollar: true, escapeE: true},
		mark:  func(n int) string { return "$" + strconv.Itoa(n) },
		once:  true,
		ends:  []string{"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE"},
		// Without values, the driver would use the protocol that takes many statements.
		prepare: func(query bool, values int) bool { return !query && values == 0 },
		bind:    bindPostgres,
		value:   postgresValue,
		fault:   postgresFault,
	}
}

// bindPostgres gives all but bytes as text, which the server reads by the type
// that it infers for the parameter.
func bindPostgres(v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), nil
	case decimal:
		return string(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return instant(v), nil
	}
	return v, nil
}

func postgresValue(v any, typeName string) (any, error) {
	switch v := v.(type) {
	case time.Time:
		switch typeName {
		case "DATE":
			return dateOnly(v), nil
		case "TIMESTAMP":
			return wallClock(v), nil
		}
		return instant(v), nil
	case []byte:
		switch typeName {
		case "JSON", "JSONB":
			return jsonOrText(v), nil
		case "BYTEA":
			return v, nil
		}
		return string(v), nil
	}
	return v, nil
}

func postgresFault(err error) (dbFault, bool) {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return dbFault{}, false
	}
	f := dbFault{message: e.Message, sqlstate: e.Code, name: e.ConstraintName}
	switch e.Code {
	case "23505", "23P01":
		f.constraint = constraintUnique
	case "23503":
		f.constraint = constraintForeignKey
	case "23502":
		f.constraint = constraintNotNull
	case "23514":
		f.constraint = constraintCheck
	case "40001", "40P01", "55P03":
		f.transient = true
	case "57P01", "57P02", "57P03", "57P05", "53300":
		f.lost = true
	}
	f.lost = f.lost || strings.HasPrefix(e.Code, "08")
	return f, true
}
