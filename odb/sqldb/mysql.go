package sqldb

import (
	"context"
	"crypto/tls"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"signalbox.internal/odb"
)

// mysqlDialect is MySQL 8 and up and MariaDB 10.6 and up, with InnoDB.
func mysqlDialect() *dialect {
	return &dialect{
		name: "mysql",
		// Not NOW(6), which is the time at which the statement began.
		now:   "CAST(UNIX_TIMESTAMP(SYSDATE(6))*1000000 AS SIGNED)",
		limit: "LIMIT ?",
		types: map[string]string{
			"ID": "VARCHAR(26)", "INT": "BIGINT", "FLAG": "SMALLINT", "DOC": "LONGTEXT", "BLOB": "LONGBLOB",
		},
		text: func(n string) string { return "VARCHAR(" + n + ")" },
		// The usual collation would hold a and ä to be equal; a claim of 400
		// characters needs the long index keys of DYNAMIC.
		tableSuffix: " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ROW_FORMAT=DYNAMIC",
		classify:    classifyMySQL,
		exists: func(err error) bool {
			n := mysqlNumber(err)
			return n == 1050 || n == 1060 || n == 1061 // table, column, index
		},
		write:   nil, // the session's: to name an isolation would cost a round trip, see mysqlConns
		read:    &sql.TxOptions{ReadOnly: true},
		ddlInTx: false,
		opens:   true,
		version: "SELECT VERSION()",
		// Fails when there is none. The row counts: a migrator may have died
		// between the table and its row.
		journalThere: "SELECT COUNT(*) FROM odb_schema WHERE version = 0",
	}
}

func mysqlNumber(err error) uint16 {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number
	}
	return 0
}

func classifyMySQL(err error) class {
	switch mysqlNumber(err) {
	case 0:
		switch {
		case errors.Is(err, mysql.ErrPktTooLarge):
			return classText
		case lost(err) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, mysql.ErrMalformPkt):
			return classAway
		}
		return classOther
	case 1062, 1586:
		return classUnique
	case 1216, 1217, 1451, 1452:
		return classInUse
	case 1205, 1213, 1020: // lock timeout, deadlock, changed since it was read (MariaDB 11.6)
		return classRetry
	case 1153, 1267, 1300, 1366, 1406, 3988, 3854: // larger than max_allowed_packet, or no such text
		return classText
	case 1021, 1040, 1044, 1045, 1049, 1053, 1114, 1129, 1130, 1203, 1226, 1290, 1792, 1836, 1927, 3024, 4031:
		return classAway // disk, too many sessions, access, shutdown, read-only, killed
	case 1105: // any error without a number; its text is all there is
		if strings.Contains(err.Error(), "max_allowed_packet") {
			return classText
		}
	}
	return classOther
}

// openMySQL opens the pools of a MySQL or MariaDB server.
func openMySQL(ctx context.Context, dsn odb.DSN) (pools, error) {
	c, err := mysqlConnector(dsn)
	if err != nil {
		return pools{}, err
	}
	return serverPools(ctx, dsn, mysqlConns{c, "READ COMMITTED"}, mysqlConns{c, "REPEATABLE READ"})
}

func mysqlConnector(dsn odb.DSN) (sqldriver.Connector, error) {
	conf := mysql.NewConfig()
	conf.User, conf.Passwd, conf.Net, conf.Addr, conf.DBName = dsn.User, dsn.Password, "tcp", dsn.Hosts[0], dsn.Database
	conf.Timeout = connectTimeout(dsn)
	conf.ClientFoundRows = true // an update that changes nothing still found its rows
	conf.MaxAllowedPacket = 0   // ask the server for its own
	conf.MultiStatements = true // for BEGIN with a first statement; no text is made of what somebody says
	conf.Logger = mysqlRemarks{}
	conf.Params = map[string]string{
		"time_zone":                "'+00:00'",
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": strconv.Itoa(int(lockTimeout.Seconds())),
	}
	if err := conf.Apply(mysql.Charset("utf8mb4", "utf8mb4_bin")); err != nil {
		return nil, err
	}
	if err := mysqlTLS(conf, dsn); err != nil {
		return nil, &odb.Error{Kind: odb.Invalid, Err: err}
	}
	return mysql.NewConnector(conf)
}

// mysqlTLS applies the options tls (true, skip-verify, preferred or false) and
// tls_ca, a file of certificates to trust instead of the system's.
func mysqlTLS(conf *mysql.Config, dsn odb.DSN) error {
	host, _, err := net.SplitHostPort(dsn.Hosts[0])
	if err != nil {
		return fmt.Errorf("read host: %w", err)
	}
	mode, file := dsn.Options["tls"], dsn.Options["tls_ca"]
	if mode == "" {
		mode = map[bool]string{true: "preferred", false: "true"}[file == ""]
	}
	verified, err := verifiedTLS(file)
	if err != nil {
		return err
	}
	verified.ServerName = host
	switch {
	case mode == "true":
		conf.TLS = verified
	case file != "":
		return fmt.Errorf("the DSN's option tls_ca goes with tls=true, not with tls=%s", mode)
	case mode == "skip-verify", mode == "preferred":
		conf.TLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // the DSN says so
		conf.AllowFallbackToPlaintext = mode == "preferred"
	case mode != "false":
		return errors.New("the DSN's option tls is not true, false, preferred or skip-verify")
	}
	return nil
}

// mysqlRemarks hands the driver's remarks to the log; what went wrong is also
// in the error of the call.
type mysqlRemarks struct{}

// Print implements mysql.Logger.
func (mysqlRemarks) Print(v ...any) {
	slog.Default().Debug("mysql driver remarks", "component", "odb", "remark", fmt.Sprint(v...))
}
