package outgoing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// usualMode is the sql_mode of a session when the definition sets none: strict,
// and the same on every server.
const usualMode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

// openMySQL connects to MySQL or MariaDB.
func openMySQL(cfg sqlConfig) (connectFunc, dialect, error) {
	options := map[string]string{"charset": "utf8mb4", "time_zone": "+00:00", "sql_mode": usualMode, "tls": "preferred"}
	for name, value := range cfg.spec.Options {
		if strings.ContainsAny(value, "'\\\x00") {
			return nil, dialect{}, fmt.Errorf("the option %s has a quote or a backslash in it", name)
		}
		options[name] = value
	}
	conf := mysql.NewConfig()
	conf.User, conf.Net, conf.Addr, conf.DBName = cfg.spec.Username, "tcp", cfg.address(3306), cfg.spec.Database
	conf.Timeout = cfg.spec.ConnectTimeout.Std()
	conf.ClientFoundRows = true // an update that changes nothing still found its rows
	conf.DialFunc = cfg.dial
	conf.Logger = mysqlLog{cfg.log}
	conf.Params = map[string]string{"time_zone": quoteMySQL(options["time_zone"]), "sql_mode": quoteMySQL(options["sql_mode"])}
	if err := errors.Join(
		conf.Apply(mysql.Charset(options["charset"], options["collation"])),
		mysqlTLS(conf, options["tls"], cfg.spec.Host),
		conf.Apply(mysql.BeforeConnect(func(_ context.Context, c *mysql.Config) error {
			password, err := cfg.password()
			c.Passwd = password
			return err
		})),
	); err != nil {
		return nil, dialect{}, fmt.Errorf("read the options: %w", err)
	}
	inner, err := mysql.NewConnector(conf)
	if err != nil {
		return nil, dialect{}, fmt.Errorf("read the options: %w", err)
	}
	return inner.Connect, mysqlDialect(options["sql_mode"]), nil
}

func quoteMySQL(text string) string { return "'" + text + "'" }

// mysqlTLS applies the words that the option tls may have.
func mysqlTLS(conf *mysql.Config, mode, host string) error {
	switch mode {
	case "false":
	case "true":
		conf.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	case "skip-verify", "preferred":
		conf.TLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // the definition says so
		conf.AllowFallbackToPlaintext = mode == "preferred"
	default:
		return fmt.Errorf("the option tls is %q; true, false, preferred or skip-verify is needed", mode)
	}
	return nil
}

// mysqlLog hands the driver's remarks to our log.
type mysqlLog struct{ log *slog.Logger }

// Print implements mysql.Logger.
func (l mysqlLog) Print(v ...any) {
	l.log.Debug("mysql driver remarks", slog.String("remark", fmt.Sprint(v...)))
}

func mysqlDialect(mode string) dialect {
	modes := strings.Split(strings.ToUpper(strings.ReplaceAll(mode, " ", "")), ",")
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(modes, n) })
	}
	return dialect{
		lexis: lexis{
			backslash:   !has("NO_BACKSLASH_ESCAPES"),
			doubleIsStr: !has("ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"),
			backtick:    true, hash: true, dashBlank: true, bangComment: true, refuse: "?",
		},
		mark:    func(int) string { return "?" },
		banned:  []string{"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA", "SET", "USE", "LOCK", "UNLOCK"},
		prepare: func(bool, int) bool { return false }, // the server refuses a second statement anyway
		bind:    bindMySQL,
		value:   mysqlValue,
		fault:   mysqlFault,
	}
}

func bindMySQL(v any) (any, error) {
	switch v := v.(type) {
	case decimal:
		return string(v), nil
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999"), nil
	}
	return v, nil
}

func mysqlValue(v any, typeName string) (any, error) {
	switch v := v.(type) {
	case float32:
		return float64(v), nil
	case []byte:
		switch {
		case typeName == "JSON":
			return jsonOrText(v), nil
		case typeName == "DATETIME" || typeName == "TIMESTAMP":
			return strings.Replace(string(v), " ", "T", 1) + "Z", nil
		case strings.HasSuffix(typeName, "BLOB") || strings.HasSuffix(typeName, "BINARY"),
			typeName == "BIT", typeName == "GEOMETRY", typeName == "VECTOR":
			return v, nil
		}
		return string(v), nil
	}
	return v, nil
}

func mysqlFault(err error) (dbFault, bool) {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return dbFault{lost: true, message: err.Error()}, errors.Is(err, mysql.ErrInvalidConn)
	}
	f := dbFault{message: e.Message, number: int(e.Number)}
	if e.SQLState != [5]byte{} {
		f.sqlstate = string(e.SQLState[:])
	}
	switch e.Number {
	case 1062, 1169, 1586:
		f.constraint = constraintUnique
	case 1216, 1217, 1451, 1452:
		f.constraint = constraintForeignKey
	case 1048, 1364:
		f.constraint = constraintNotNull
	case 3819, 4025:
		f.constraint = constraintCheck
	case 1205, 1213:
		f.transient = true
	case 1040, 1053, 1203, 1927:
		f.lost = true
	}
	return f, true
}
