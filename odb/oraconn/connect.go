package oraconn

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	ora "github.com/sijms/go-ora/v2"
)

// Config says where a database is and how its sessions begin.
type Config struct {
	Hosts    []string // "host:port" each, tried in this order
	Service  string   // may be empty when Options have a SID
	User     string
	Password string
	Options  map[string]string // of go-ora, as it calls them
	TLS      *tls.Config       // speaks TLS by it; nil leaves it to Options
	Timeout  time.Duration     // of connecting to one host; 0 leaves it to the context
	Session  []string          // statements that every session begins with

	// Dial connects a socket; nil means a plain one of package net.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Check reports what would keep every attempt to connect from succeeding. Its
// errors do not have the password.
func (c Config) Check() error {
	for _, name := range []string{"SSL", "SSL VERIFY"} {
		if v, ok := c.Options[name]; ok && !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
			return fmt.Errorf("the option %s is %q; true or false is needed", name, v)
		}
	}
	if len(c.Hosts) == 0 {
		return errors.New("there is no host")
	}
	if strings.ContainsAny(c.Service+c.Options["SID"]+strings.Join(c.Hosts, ""), "()=/ ") {
		return errors.New("the host or the service name has one of ()=/ or a blank in it")
	}
	for _, host := range c.Hosts {
		if _, err := ora.ParseConfig(c.url(host, "")); err != nil {
			return fmt.Errorf("read the options: %w", err)
		}
	}
	return nil
}

// Connect makes one connection, to the first host that gives one; it is guarded
// (see [Guard]). An error tells of every host that was tried, never the password.
func (c Config) Connect(ctx context.Context) (driver.Conn, error) {
	var errs []error
	for _, host := range c.Hosts {
		conn, err := Guard(func(ctx context.Context) (driver.Conn, error) { return c.connect(ctx, host) })(ctx)
		if err == nil {
			return conn, nil
		}
		if len(c.Hosts) > 1 {
			err = fmt.Errorf("%s: %w", host, err)
		}
		errs = append(errs, err)
		// Another host would refuse them as well, and count one more failure.
		if ctx.Err() != nil || slices.Contains([]int{1005, 1017, 28000, 28001}, Code(err)) {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// connect makes a connection to one host and begins its session.
func (c Config) connect(ctx context.Context, host string) (driver.Conn, error) {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	connector, ok := ora.NewConnector(c.url(host, c.Password)).(*ora.OracleConnector)
	if !ok {
		return nil, errors.New("the driver gave an unknown connector")
	}
	if c.TLS != nil {
		connector.WithTLSConfig(c.TLS.Clone()) // the driver writes to it
	}
	s := &sockets{dial: c.Dial, ctx: ctx}
	connector.Dialer(s)
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	conn, err := c.begin(ctx, connector)
	if ctx.Err() != nil && err == nil {
		err = ctx.Err()
	}
	if err == nil && stop() {
		return &cutConn{Conn: conn, cut: s.cut}, nil
	}
	s.cut() // the driver leaves its socket open when it fails in the middle
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && c.Timeout > 0:
		return nil, fmt.Errorf("not connected within %s: %w", c.Timeout, ctx.Err())
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s closed the connection: is this an Oracle listener?", host)
	}
	return nil, err
}

// begin connects and runs the statements of Session.
func (c Config) begin(ctx context.Context, connector driver.Connector) (conn driver.Conn, err error) {
	defer contain(&err)
	// Not ctx: when that ends, the driver writes to the socket from another
	// goroutine, where a panic could not be contained. The socket is closed instead.
	conn, err = connector.Connect(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	e, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.New("the driver gave an unknown connection")
	}
	for _, text := range c.Session {
		if _, err := e.ExecContext(context.WithoutCancel(ctx), text, nil); err != nil {
			return nil, fmt.Errorf("begin the session: %w", err)
		}
	}
	return conn, nil
}

// url writes the driver's connection string for a host.
func (c Config) url(host, password string) string {
	query := url.Values{}
	for name, value := range c.Options {
		query.Set(name, value)
	}
	if c.TLS != nil {
		query.Set("SSL", "true")
	}
	u := url.URL{
		Scheme: "oracle", User: url.UserPassword(c.User, password), Host: host,
		Path: "/" + c.Service, RawQuery: query.Encode(),
	}
	return u.String()
}

// sockets dials for the driver and can close all that it dialled: one, or some
// more when a listener redirects.
type sockets struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	ctx  context.Context // of connecting: the driver's own never ends

	mu   sync.Mutex
	all  []net.Conn
	over bool
}

// DialContext implements configurations.DialerContext.
func (s *sockets) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	dial := s.dial
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	c, err := dial(s.ctx, network, address) //nolint:contextcheck // that of Connect, see begin
	if err != nil {
		return nil, cmp.Or(s.ctx.Err(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, errors.Join(net.ErrClosed, c.Close())
	}
	s.all = append(s.all, c)
	return c, nil
}

// cut closes every socket; what the driver does with one of them fails.
func (s *sockets) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, c := range s.all {
		_ = c.Close() // whatever it says, it is of no use any more
	}
}

// cutConn is a driver's connection with its sockets.
type cutConn struct {
	driver.Conn
	cut func()
}
