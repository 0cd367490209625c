package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"signalbox.internal/cluster"
)

// Server answers the connections of peers that arrive on the control port.
type Server struct {
	cfg cluster.PeerConfig
	srv *http.Server
}

// callerKey is where a request's context has the caller's id.
type callerKey struct{}

// Caller returns the id of the node that makes a request.
func Caller(ctx context.Context) string {
	id, _ := ctx.Value(callerKey{}).(string)
	return id
}

// NewServer returns a server that has h answer the cluster's members.
func NewServer(cfg cluster.PeerConfig, h http.Handler, log *slog.Logger) *Server {
	s := &Server{cfg: cfg}
	s.srv = &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.With("component", "peer").Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if pc, ok := c.(*peerConn); ok {
				ctx = context.WithValue(ctx, callerKey{}, pc.id)
			}
			return ctx
		},
	}
	return s
}

// Attach has a server of the control port hand connections of peers to s. It
// must be called before that server serves; HTTP/1 and HTTP/2 go on as before.
func (s *Server) Attach(control *http.Server) {
	peers := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{cluster.PeerProtocol}, ClientAuth: tls.RequireAnyClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.cfg.Certificate(), nil },
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := s.cfg.Check(state)
			return err
		},
	}
	control.TLSConfig.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, cluster.PeerProtocol) {
			return peers, nil
		}
		return nil, nil //nolint:nilnil // nil means the usual configuration
	}
	control.Protocols = new(http.Protocols)
	control.Protocols.SetHTTP1(true)
	control.Protocols.SetHTTP2(true)
	control.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){cluster.PeerProtocol: s.serve}
}

// serve answers one connection until it ends.
func (s *Server) serve(_ *http.Server, conn *tls.Conn, _ http.Handler) {
	id, err := s.cfg.Check(conn.ConnectionState())
	if err != nil {
		_ = conn.Close()
		return
	}
	l := newOneListener(&peerConn{Conn: conn, id: id})
	if err := s.srv.Serve(l); !errors.Is(err, errServed) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, http.ErrServerClosed) {
		s.srv.ErrorLog.Printf("serve peer %s: %v", id, err)
	}
	select {
	case <-l.next: // the server ends and never took it
		_ = l.conn.Close()
	default:
	}
	<-l.conn.done
}

// Shutdown ends all connections, those in use last.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.srv.Close()
	}
	return err
}

// peerConn is a connection that tells when it is closed.
type peerConn struct {
	net.Conn
	id   string
	once sync.Once
	done chan struct{}
}

// Close implements net.Conn.
func (c *peerConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Conn.Close()
}

var errServed = errors.New("the one connection was served")

// oneListener is a listener of one connection.
type oneListener struct {
	conn   *peerConn
	once   sync.Once
	next   chan net.Conn
	closed chan struct{}
}

func newOneListener(c *peerConn) *oneListener {
	c.done = make(chan struct{})
	l := &oneListener{conn: c, next: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.next <- c
	return l
}

// Accept implements net.Listener: the connection, and an error when it has ended.
func (l *oneListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.next:
		return c, nil
	case <-l.conn.done:
		return nil, errServed
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener: Accept ends, the connection goes on.
func (l *oneListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *oneListener) Addr() net.Addr { return l.conn.LocalAddr() }
