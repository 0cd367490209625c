package outgoing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"signalbox.internal/odb"
)

// openPostgres connects to PostgreSQL.
func openPostgres(cfg sqlConfig) (connectFunc, dialect, error) {
	conf, err := postgresConfig(cfg.spec)
	if err != nil {
		return nil, dialect{}, err
	}
	conf.DialFunc = cfg.dial
	inner := stdlib.GetConnector(*conf, stdlib.OptionBeforeConnect(func(_ context.Context, c *pgx.ConnConfig) error {
		password, err := cfg.password()
		c.Password = password
		return err
	}))
	return inner.Connect, postgresDialect(), nil
}

// postgresConfig reads the definition. Its values are quoted one by one, so that
// none can add a setting.
func postgresConfig(spec *odb.OutgoingSpec) (*pgx.ConnConfig, error) {
	if strings.ContainsAny(spec.Host, "/,@ ") {
		return nil, fmt.Errorf("the host %q is not one name or address", spec.Host)
	}
	settings := map[string]string{
		"host": spec.Host, "dbname": spec.Database, "user": spec.Username, "sslmode": "prefer",
		"port": strconv.Itoa(port(spec.Port, 5432)), "application_name": "signalbox", "timezone": "UTC",
	}
	maps.Copy(settings, spec.Options)
	var dsn strings.Builder
	for name, value := range settings {
		if value != "" {
			fmt.Fprintf(&dsn, "%s='%s' ", name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value))
		}
	}
	conf, err := pgx.ParseConfig(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("read the options: %w", err)
	}
	conf.ConnectTimeout = spec.ConnectTimeout.Std()
	delete(conf.RuntimeParams, "options") // PGOPTIONS of the process is not for this session
	return conf, nil
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
		banned: []string{
			"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE", "DEALLOCATE", "SET", "RESET", "DISCARD",
			"LISTEN", "UNLISTEN", "COPY",
		},
		fine: []string{"SET LOCAL", "SET TRANSACTION", "SET CONSTRAINTS"},
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
