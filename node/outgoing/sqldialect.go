package outgoing

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"signalbox.internal/odb"
)

// dialect is everything in which the databases differ.
type dialect struct {
	lexis lexis
	mark  placeholder
	once  bool // a name that occurs twice is one placeholder

	// banned are first words (or first and second) of statements that would change a
	// session behind the pool's back, for whoever gets it next: they open or end a
	// transaction, or set what holds until the session ends. fine are exceptions.
	banned, fine []string
	// prepare says whether a statement must be prepared, so that the database
	// itself refuses a second one behind it.
	prepare func(query bool, values int) bool
	// counts says whether the number of affected rows means something after such a
	// statement; nil means always.
	counts func(keyword string) bool
	// bind turns a plain parameter into what the driver takes.
	bind func(v any) (any, error)
	// value turns what the driver yields into a value of a [ResultSet].
	value func(v any, typeName string) (any, error)
	// fault takes the database's own error apart; false when err is none.
	fault func(err error) (dbFault, bool)
}

// dbFault is an error that the database itself gave.
type dbFault struct {
	message    string
	number     int    // the database's own code; 0 when it has none
	sqlstate   string // empty when it has none
	constraint string // unique, foreign_key, not_null, check or empty
	name       string // of the constraint, where the database tells it
	transient  bool   // a repeat may succeed
	lost       bool   // the session is gone, or the server is not ready
}

// sqlConfig is what a driver needs to connect.
type sqlConfig struct {
	spec     *odb.OutgoingSpec
	password func() (string, error)
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	dataDir  string
	log      *slog.Logger
}

// address joins the host and the port of the definition.
func (c sqlConfig) address(port int) string {
	if c.spec.Port != 0 {
		port = c.spec.Port
	}
	return net.JoinHostPort(c.spec.Host, fmt.Sprint(port))
}

// openDialect returns how to connect to the definition's database and how to talk to it.
func openDialect(cfg sqlConfig) (connectFunc, dialect, error) {
	switch cfg.spec.Driver {
	case "sqlite":
		return openSQLite(cfg)
	case "postgres":
		return openPostgres(cfg)
	case "mysql":
		return openMySQL(cfg)
	case "oracle":
		return openOracle(cfg)
	}
	return nil, dialect{}, fmt.Errorf("the driver %q is unknown", cfg.spec.Driver)
}

// connectFunc makes one connection.
type connectFunc func(ctx context.Context) (driver.Conn, error)

// connector is a driver.Connector that says of its errors that they happened
// while connecting, and keeps to the connect timeout.
type connector struct {
	connect connectFunc
	timeout time.Duration
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		inner, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	conn, err := c.connect(inner)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, &connectError{ctx.Err()}
	case inner.Err() != nil:
		return nil, &connectError{fmt.Errorf("not connected within %s", c.timeout)}
	}
	return nil, &connectError{err}
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return noDriver{} }

// connectError is an error from before there was a connection.
type connectError struct{ err error }

func (e *connectError) Error() string { return "connect: " + e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// noDriver stands where database/sql wants a driver for names of data sources;
// there are none.
type noDriver struct{}

// Open implements driver.Driver.
func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("connections are opened by their definition")
}
