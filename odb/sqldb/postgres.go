package sqldb

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"signalbox.internal/odb"
)

// postgresDialect is PostgreSQL through pgx.
func postgresDialect() *dialect {
	return &dialect{
		name: "postgres",
		// Not now(), which is the time at which the transaction began.
		now:      "CAST(EXTRACT(EPOCH FROM clock_timestamp())*1000000 AS BIGINT)",
		numbered: "$",
		limit:    "LIMIT ?",
		types: map[string]string{
			"ID": `VARCHAR(26) COLLATE "C"`, "INT": "BIGINT", "FLAG": "SMALLINT", "DOC": "TEXT", "BLOB": "BYTEA",
		},
		text:         func(n string) string { return "VARCHAR(" + n + `) COLLATE "C"` },
		classify:     classifyPostgres,
		exists:       func(err error) bool { return slices.Contains([]string{"42P07", "42701"}, postgresCode(err)) },
		write:        &sql.TxOptions{Isolation: sql.LevelReadCommitted},
		read:         &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		ddlInTx:      true,
		opens:        true,
		batches:      true,
		version:      "SHOW server_version",
		journalThere: "SELECT CASE WHEN to_regclass('odb_schema') IS NULL THEN 0 ELSE 1 END",
	}
}

func postgresCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

func classifyPostgres(err error) class {
	code := postgresCode(err)
	switch code {
	case "":
		if lost(err) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) {
			return classAway
		}
		return classOther
	case "23505":
		return classUnique
	case "23503", "23001":
		return classInUse
	case "40001", "40P01", "55P03": // serialization, deadlock, lock timeout
		return classRetry
	case "22021", "22P05": // a byte that is no text: NUL, or not UTF-8
		return classText
	case "25006", "25P03", "3D000", "58030": // read-only, idle too long, no such database, disk
		return classAway
	}
	switch code[:min(2, len(code))] {
	case "08", "28", "53", "57": // connection, authorization, resources, an operator's intervention
		return classAway
	}
	return classOther
}

// openPostgres opens the pools of a PostgreSQL server.
func openPostgres(ctx context.Context, dsn odb.DSN) (pools, error) {
	c, err := postgresConnector(dsn)
	if err != nil {
		return pools{}, err
	}
	return serverPools(ctx, dsn, c, c)
}

func postgresConnector(dsn odb.DSN) (sqldriver.Connector, error) {
	hosts, ports := make([]string, len(dsn.Hosts)), make([]string, len(dsn.Hosts))
	for i, address := range dsn.Hosts {
		var err error
		if hosts[i], ports[i], err = net.SplitHostPort(address); err != nil {
			return nil, &odb.Error{Kind: odb.Invalid, Err: fmt.Errorf("read host: %w", err)}
		}
	}
	settings := map[string]string{
		"host": strings.Join(hosts, ","), "port": strings.Join(ports, ","), "user": dsn.User, "dbname": dsn.Database,
		"application_name": "signalbox", "timezone": "UTC", "target_session_attrs": "read-write",
		"lock_timeout":                        strconv.FormatInt(lockTimeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "60000", // frees the locks of a node that hangs
		"statement_timeout":                   "0",
	}
	for name, value := range dsn.Options {
		if name != "pool" {
			settings[name] = value
		}
	}
	settings["connect_timeout"] = strconv.Itoa(int(connectTimeout(dsn).Seconds()))
	var text strings.Builder
	for name, value := range settings {
		fmt.Fprintf(&text, "%s='%s' ", name, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value))
	}
	conf, err := pgx.ParseConfig(text.String())
	if err != nil { // there is no password in it
		return nil, &odb.Error{Kind: odb.Invalid, Err: fmt.Errorf("read the DSN's options: %w", errors.Unwrap(err))}
	}
	delete(conf.RuntimeParams, "options") // PGOPTIONS of the process is not for this session
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
	conf.DialFunc = dialer.DialContext // the driver's own asks a silent server only after five minutes
	if dsn.Password != "" {
		conf.Password = dsn.Password
	}
	return postgresConns{stdlib.GetConnector(*conf, stdlib.OptionShouldPing(unasked))}, nil
}
