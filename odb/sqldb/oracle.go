package sqldb

import (
	"context"
	"crypto/tls"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"signalbox.internal/odb"
	"signalbox.internal/odb/oraconn"
)

// oracleSession is what every session begins with. Texts are compared byte by byte
// whatever the database's defaults; DDL waits for its lock as long as a row's is
// waited for, instead of failing at once.
var oracleSession = []string{
	`ALTER SESSION SET NLS_SORT = 'BINARY' NLS_COMP = 'BINARY'`,
	`ALTER SESSION SET DDL_LOCK_TIMEOUT = 20`,
}

// readCharset asks for the character set of the database.
const readCharset = `SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'`

// oracleReadTimeout, in seconds, is how long the driver waits for any one answer:
// a plain UPDATE waits for its row for ever.
const oracleReadTimeout = "120"

// oracleInterval is the time since 1970 as an interval, whatever the session's zone.
const oracleInterval = `(SYSTIMESTAMP - TIMESTAMP '1970-01-01 00:00:00 +00:00')`

// oracleDialect is Oracle Database 12.2 and up.
func oracleDialect() *dialect {
	return &dialect{
		name: "oracle",
		now: `(EXTRACT(DAY FROM ` + oracleInterval + `) * 86400000000 + EXTRACT(HOUR FROM ` + oracleInterval + `) * 3600000000` +
			` + EXTRACT(MINUTE FROM ` + oracleInterval + `) * 60000000 + TRUNC(EXTRACT(SECOND FROM ` + oracleInterval + `) * 1000000))`,
		numbered: ":",
		limit:    "FETCH FIRST ? ROWS ONLY",
		hold:     "FOR UPDATE WAIT 20", // see lockTimeout
		types: map[string]string{
			"ID": "VARCHAR2(26 CHAR)", "INT": "NUMBER(19)", "FLAG": "NUMBER(1)", "DOC": "CLOB", "BLOB": "BLOB",
		},
		// 1,000 characters are 4,000 bytes at most, the usual limit.
		text:     func(n string) string { return "VARCHAR2(" + n + " CHAR)" },
		document: oraconn.Clob,
		bytes:    oraconn.Blob,
		classify: classifyOracle,
		exists: func(err error) bool {
			// Table or index, columns indexed, column, primary key, unique key, foreign key.
			return slices.Contains([]int{955, 1408, 1430, 2260, 2261, 2275}, oraconn.Code(err))
		},
		// The driver refuses every isolation; the database's own is READ COMMITTED.
		beginRead:    `SET TRANSACTION READ ONLY`,
		ddlInTx:      false,
		version:      `SELECT MAX(version) FROM product_component_version WHERE product LIKE 'Oracle%'`,
		journalThere: `SELECT COUNT(*) FROM odb_schema WHERE version = 0`, // as on MySQL
	}
}

func classifyOracle(err error) class {
	switch code := oraconn.Code(err); code {
	case 0:
		if lost(err) || errors.Is(err, oraconn.ErrPanic) {
			return classAway
		}
		return classOther
	case 1:
		return classUnique
	case 2291, 2292:
		return classInUse
	// Busy or locked rows and objects, deadlocks, changed by another, definition changed, snapshot too old.
	case 54, 60, 1466, 1555, 2049, 4020, 4021, 4061, 4068, 8176, 8177, 30006:
		return classRetry
	case 1401, 1438, 1461, 12899, 29275: // too long or too large for its column, or no text
		return classText
	// Too many sessions or processes, killed, archiver, ended, signed off, credentials, rights, starting, stopping.
	case 18, 20, 28, 257, 603, 1005, 1012, 1014, 1017, 1031, 1033, 1034, 1035, 1045, 1089, 1090, 1092, 1109,
		2391, 2396, 2399, 3113, 3114, 3135, 4031, 16000, 16456, 19809, 25402, 25408, 28000, 28001, 30036:
		return classAway
	case 1536, 1628, 1631, 1632, 1650, 1652, 1653, 1654, 1658, 1659, 1683, 1688, 1691, 1692, 1950: // space and quota
		return classAway
	default:
		if code >= 12150 && code < 12700 { // the network's and the listener's
			return classAway
		}
		return classOther
	}
}

// openOracle opens the pools of an Oracle database.
func openOracle(ctx context.Context, dsn odb.DSN) (pools, error) {
	c, err := oracleConnector(dsn)
	if err != nil {
		return pools{}, err
	}
	p, err := serverPools(ctx, dsn, c, c)
	if err != nil {
		return pools{}, err
	}
	if err := unicodeOnly(ctx, p.write); err != nil {
		return pools{}, errors.Join(err, p.write.Close(), p.read.Close())
	}
	return p, nil
}

// unicodeOnly refuses a database that would keep some texts as question marks,
// which it does without a word.
func unicodeOnly(ctx context.Context, db *sql.DB) error {
	var charset string
	err := db.QueryRowContext(ctx, readCharset).Scan(&charset)
	if err != nil {
		return fmt.Errorf("read the database's character set: %w", err)
	}
	if charset != "AL32UTF8" {
		return &odb.Error{Kind: odb.Invalid, Err: fmt.Errorf(
			"the database's character set is %s, which does not hold every text; one with AL32UTF8 is needed", charset)}
	}
	return nil
}

func oracleConnector(dsn odb.DSN) (sqldriver.Connector, error) {
	secure, err := oracleTLS(dsn)
	if err != nil {
		return nil, &odb.Error{Kind: odb.Invalid, Err: err}
	}
	conf := oraconn.Config{
		Hosts: dsn.Hosts, Service: dsn.Database, User: dsn.User, Password: dsn.Password,
		Options: map[string]string{"PROGRAM": "signalbox", "TIMEOUT": oracleReadTimeout},
		TLS:     secure, Timeout: connectTimeout(dsn), Session: oracleSession,
	}
	if err := conf.Check(); err != nil {
		return nil, &odb.Error{Kind: odb.Invalid, Err: err}
	}
	return oracleConn{conf}, nil
}

// oracleTLS applies the options tls (true, skip-verify or false) and tls_ca; nil
// is a connection without TLS, which Oracle's usual port is.
func oracleTLS(dsn odb.DSN) (*tls.Config, error) {
	mode, file := dsn.Options["tls"], dsn.Options["tls_ca"]
	if mode == "" && file != "" {
		mode = "true"
	}
	if file != "" && mode != "true" {
		return nil, fmt.Errorf("the DSN's option tls_ca goes with tls=true, not with tls=%s", mode)
	}
	switch mode {
	case "true":
		return verifiedTLS(file)
	case "skip-verify":
		return &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, nil //nolint:gosec // the DSN says so
	case "", "false":
		return nil, nil //nolint:nilnil // documented above
	}
	return nil, errors.New("the DSN's option tls is not true, false or skip-verify")
}

// oracleConn is a driver.Connector.
type oracleConn struct{ conf oraconn.Config }

// Connect implements driver.Connector.
func (c oracleConn) Connect(ctx context.Context) (sqldriver.Conn, error) { return c.conf.Connect(ctx) }

// Driver implements driver.Connector.
func (c oracleConn) Driver() sqldriver.Driver { return nil }
