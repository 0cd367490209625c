package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/lb"
	"signalbox.internal/odb"
)

// worker is a part that runs until its context ends.
type worker interface {
	Run(ctx context.Context) error
}

// Run puts the first configuration into force, serves until ctx ends, then
// drains: new requests are refused, those in flight end, within the drain
// time-out. A part that breaks stops the whole node with its error. Run closes
// the node.
func (n *Node) Run(ctx context.Context) error {
	err := n.run(ctx)
	if cerr := n.Close(); err == nil {
		err = cerr
	}
	return err
}

func (n *Node) run(ctx context.Context) error {
	if err := n.startConfiguration(ctx); err != nil {
		return err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, work := errgroup.WithContext(work)
	for _, w := range n.workers() {
		g.Go(func() error { return w.Run(work) })
	}
	traffic, err := n.trafficServer()
	if err != nil {
		return err
	}
	g.Go(func() error { return serve(traffic, n.traffic) })
	control := n.controlServer()
	n.peerServer.Attach(control)
	g.Go(func() error { return serve(control, tls.NewListener(n.control, control.TLSConfig)) })
	if err := n.announce(work); err != nil {
		stop()
		return errors.Join(err, shutdown(0, control, traffic), g.Wait()) //nolint:contextcheck // what ends must not end with its context
	}
	var why error
	select {
	case <-ctx.Done():
	case <-work.Done():
	case <-n.restarts:
		why = ErrRestart
	}
	n.log.Info("node stops", "restart", why != nil, "in_flight", n.balancer.InFlight(), "drain_timeout", n.cfg.DrainTimeout)
	n.stopping.Store(true)
	n.admin.Close() // ends the long polls, which would hold the servers up
	n.console.Close()
	over := time.Now().Add(n.cfg.DrainTimeout)
	n.drain()                                                                          //nolint:contextcheck // what ends must not end with its context
	err = errors.Join(n.shutdownPeers(), shutdown(time.Until(over), traffic, control)) //nolint:contextcheck // as above
	n.acted("nodeStop", odb.AuditDone, "", "")
	stop()
	return errors.Join(why, g.Wait(), err, ignoreMissing(os.Remove(filepath.Join(n.cfg.Dir, runFile))))
}

// makeClaimCode makes a one-time code while nobody has claimed the cluster. The
// log does not say it: whoever starts the node shows it.
func (n *Node) makeClaimCode(ctx context.Context) {
	code, err := n.admin.NewClaimCode(ctx)
	switch {
	case err == nil:
		n.claim = code.Code
		n.log.InfoContext(ctx, "cluster is not claimed: no account has a password; signalbox claim makes the first administrator")
	case odb.KindOf(err) != odb.Conflict:
		n.log.WarnContext(ctx, "whether the cluster is claimed cannot be known now; signalbox claim --new-code asks again", "error", err)
	}
}

// workers returns the parts that run beside the servers.
func (n *Node) workers() []worker {
	ws := []worker{
		n.store, n.rec, n.keeper, n.roster, n.certs,
		rotator{n},
		ringSync{n},
		keyFetcher{n},
		n.roller,
		n.security, n.outgoing, n.engine, n.audit, n.recorder,
	}
	if n.watcher != nil {
		ws = append(ws, n.watcher)
	}
	if n.demo != nil {
		ws = append(ws, n.demo)
	}
	if n.cfg.Announce {
		ws = append(ws, announcer{n})
	}
	return ws
}

// announce finishes the start: the demo is deployed, the run file is written,
// Ready is closed.
func (n *Node) announce(ctx context.Context) error {
	if _, err := n.rec.odbHealth(); n.demo != nil && err == nil {
		if err := n.demo.install(ctx, n); err != nil {
			return fmt.Errorf("install the demo: %w", err)
		}
	}
	if err := n.writeRunFile(); err != nil {
		return err
	}
	n.log.InfoContext(ctx, "node ready", "traffic", n.traffic.Addr().String(), "control", n.control.Addr().String(),
		"revision", n.rec.Snapshot().Revision(), "took_ms", time.Since(n.started).Milliseconds())
	n.acted("nodeStart", odb.AuditDone, "", "version "+n.opts.Version)
	collectStartGarbage()
	if err := n.roster.Refresh(ctx); err != nil {
		n.log.DebugContext(ctx, "list of nodes cannot be read; that of the last run counts", "error", err)
	}
	state, _ := n.given() // a node in maintenance takes no request, not even at first
	n.balancer.Local().SetState(state)
	close(n.ready)
	return nil
}

// drain refuses new requests and waits for those in flight.
func (n *Node) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), n.cfg.DrainTimeout)
	defer cancel()
	if err := n.balancer.Drain(ctx); err != nil {
		n.log.Warn("requests were cut off at the end of the drain time-out", "in_flight", n.balancer.InFlight(), "error", err)
	}
}

// trafficServer is what clients talk to.
func (n *Node) trafficServer() (*http.Server, error) {
	srv := n.server(n.balancer)
	if n.cfg.TrafficTLSCert == "" {
		return srv, nil
	}
	cert, err := tls.LoadX509KeyPair(n.cfg.TrafficTLSCert, n.cfg.TrafficTLSKey)
	if err != nil {
		return nil, fmt.Errorf("load the certificate of the traffic port: %w", err)
	}
	n.trafficCert = cert.Leaf
	srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	return srv, nil
}

// controlServer is what administrators talk to, programs and browsers: always TLS.
func (n *Node) controlServer() *http.Server {
	srv := n.server(n.console)
	srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"h2", "http/1.1"}}
	srv.TLSConfig.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return n.certs.Get(), nil }
	return srv
}

func (n *Node) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: n.cfg.ReadHeaderTimeout, MaxHeaderBytes: int(n.cfg.MaxHeader),
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(n.log.With("component", "http").Handler(), slog.LevelDebug),
	}
}

// serve answers on ln until srv is shut down.
func serve(srv *http.Server, ln net.Listener) error {
	if srv.TLSConfig != nil {
		if _, wrapped := ln.(*net.TCPListener); wrapped {
			ln = tls.NewListener(ln, srv.TLSConfig)
		}
	}
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
	return nil
}

// shutdown ends servers gracefully within d, then by force.
func shutdown(d time.Duration, servers ...*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), max(d, 100*time.Millisecond))
	defer cancel()
	var errs []error
	for _, srv := range servers {
		err := srv.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = srv.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// shutdownPeers ends the connections of other nodes.
func (n *Node) shutdownPeers() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return n.peerServer.Shutdown(ctx)
}

// begun reports whether the node has come so far that it serves.
func (n *Node) begun() bool {
	select {
	case <-n.ready:
		return true
	default:
		return false
	}
}

// isReady reports whether the node serves and is given to.
func (n *Node) isReady() bool { return n.begun() && n.balancer.Local().State() == lb.Up }
