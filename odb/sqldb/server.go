package sqldb

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"signalbox.internal/odb"
)

// What a server's DSN leaves open.
const (
	usualPool           = 8
	usualConnectTimeout = 10 * time.Second
	lockTimeout         = 20 * time.Second // then a statement gives up and its transaction runs again
)

func connectTimeout(dsn odb.DSN) time.Duration {
	if n, err := strconv.Atoi(dsn.Options["connect_timeout"]); err == nil {
		return time.Duration(n) * time.Second
	}
	return usualConnectTimeout
}

// verifiedTLS trusts the certificates of a file (the DSN's option tls_ca), or the
// system's when file is empty.
func verifiedTLS(file string) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the administrator names it
	if err != nil {
		return nil, fmt.Errorf("read the DSN's option tls_ca: %w", err)
	}
	if conf.RootCAs = x509.NewCertPool(); !conf.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the file %s of the DSN's option tls_ca has no certificate", file)
	}
	return conf, nil
}

// serverPools opens the pool that writes and the one that reads: writers wait in
// line for the revision, and a reader must not wait behind them for a connection.
func serverPools(ctx context.Context, dsn odb.DSN, write, read sqldriver.Connector) (pools, error) {
	n, _ := strconv.Atoi(dsn.Options["pool"]) //nolint:errcheck // 0 when it is not given, and checked when it is
	n = cmp.Or(n, usualPool)
	p := pools{where: dsn.Where(), write: serverPool(write, n/2), read: serverPool(read, n-n/2)}
	if err := p.write.PingContext(ctx); err != nil {
		return pools{}, errors.Join(err, p.write.Close(), p.read.Close())
	}
	return p, nil
}

func serverPool(c sqldriver.Connector, most int) *sql.DB {
	db := sql.OpenDB(reachingConnector{c})
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute) // so that sessions move on after a fail-over
	return db
}

// reachingConnector says of every error while connecting, be it the network's,
// TLS's or a refused password, that the database cannot be reached.
type reachingConnector struct{ sqldriver.Connector }

// Connect implements driver.Connector.
func (c reachingConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, away(err)
}

// lost reports whether an error is that of a connection that went away.
func lost(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, sqldriver.ErrBadConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed)
}
