package node

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signalbox.internal/cluster"
	"signalbox.internal/lb"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/audit"
	"signalbox.internal/node/channel"
	"signalbox.internal/node/config"
	"signalbox.internal/node/console"
	"signalbox.internal/node/deploy"
	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/lastgood"
	"signalbox.internal/node/member"
	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/peer"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/node/stats"
)

// Options say how to open a node.
type Options struct {
	Config   config.Config
	Compiled []service.Module // services linked into this binary, beside the built-in ones
	Demo     bool             // serve and deploy the demo
	Deaf     bool             // heed no hints, as if all were lost; for tests and measurements of what that costs
	// LookupEnv finds the environment variables that secrets refer to; nil finds none.
	LookupEnv func(string) (string, bool)
	Version   string // of the binary, for people
	// Supervised says that whatever runs the node starts it again when Run ends with
	// [ErrRestart]. Without it the node refuses to restart.
	Supervised bool
	// DiscoveryPort is the UDP port of announcements; 0 means the usual one.
	DiscoveryPort int
	Log           *slog.Logger // nil means slog.Default()
}

// Node is one running box. Open makes it, Run serves and in the end closes it.
type Node struct {
	cfg     config.Config
	opts    Options
	log     *slog.Logger
	started time.Time
	closers []func() error // in the order of opening

	authority *cluster.Authority
	keyring   *security.Keyring
	identity  *cluster.Identity
	sealer    *security.Sealer
	place     odbPlace
	store     *odbLink
	keeper    *keeper
	lastGood  *lastgood.State // from an earlier life of the node; nil: there is none
	metrics   *prometheus.Registry
	recorder  *stats.Recorder
	figures   *figures

	security *security.Manager
	outgoing *outgoing.Manager
	registry *service.Registry
	invoker  *service.Invoker
	engine   *quickjs.Engine
	deployer *deploy.Deployer
	services *deploy.Manager
	channels *channel.Manager
	limits   *limitsManager
	balancer *lb.Balancer
	rec      *reconciler

	roster     *member.Roster
	gossipKeys *cluster.GossipKeys
	peers      *peer.Client
	peerServer *peer.Server
	stopping   atomic.Bool   // Run ends: rotation stays what it is
	restarts   chan struct{} // holds one when the node is to restart
	roller     *roller       // carries rolling restarts on
	found      foundSeeds    // members that announced themselves on the local network

	watcher *deploy.Watcher // nil when the deploy folder is off

	audit       *audit.Writer
	admin       *admin.API
	console     *console.Console
	events      *admin.Events
	localHash   string // of the token that lets this box in
	claim       string // one-time code for the first administrator, made before anything is served
	traffic     net.Listener
	control     net.Listener
	certs       *certificates
	trafficCert *x509.Certificate // of the traffic port; nil: it is plain HTTP
	ready       chan struct{}
	demo        *demoParts // nil without the demo
}

// Open takes the folder of cfg.Dir for this process, binds both ports and opens
// every part; nothing is served yet. The node must be Run, which closes it, or
// Closed. A folder without a node is an error that says so.
func Open(ctx context.Context, opts Options) (*Node, error) {
	n := &Node{
		cfg: opts.Config, opts: opts, started: time.Now(), ready: make(chan struct{}), restarts: make(chan struct{}, 1),
		log: cmp.Or(opts.Log, slog.Default()).With("node", opts.Config.Name),
	}
	n.roller = &roller{n: n, kick: make(chan struct{}, 1)}
	for _, open := range []func(context.Context) error{
		n.openFolder, n.openTrust, n.openStore, n.openListeners, n.openServices, n.openEdges, n.openAdmin, n.openGossip,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, n.Close())
		}
	}
	return n, nil
}

// onClose adds f to what Close does; the last added comes first.
func (n *Node) onClose(f func() error) { n.closers = append(n.closers, f) }

// Close lets go of everything that Open took. Run does it itself.
func (n *Node) Close() error {
	var errs []error
	for _, closer := range slices.Backward(n.closers) {
		errs = append(errs, closer())
	}
	n.closers = nil
	return errors.Join(errs...)
}

func (n *Node) openFolder(context.Context) error {
	if !config.Exists(n.cfg.Dir) {
		return fmt.Errorf("open node in %s: there is no node in it; make one with: signalbox init --dir %s", n.cfg.Dir, n.cfg.Dir)
	}
	for _, d := range []string{keysDir, dataDir, deployDir, "run"} {
		if err := os.MkdirAll(filepath.Join(n.cfg.Dir, d), 0o700); err != nil {
			return fmt.Errorf("open node in %s: %w", n.cfg.Dir, err)
		}
	}
	lock, err := lockFolder(n.cfg.Dir)
	if err != nil {
		return err
	}
	n.onClose(lock.release)
	return nil
}

func (n *Node) openTrust(context.Context) error {
	var err error
	if n.authority, err = cluster.OpenAuthority(filepath.Join(n.cfg.Dir, keysDir), n.cfg.Cluster); err != nil {
		return err
	}
	if n.identity, err = cluster.OpenIdentity(filepath.Join(n.cfg.Dir, keysDir)); err != nil {
		return err
	}
	n.keyring, err = security.OpenKeyring(filepath.Join(n.cfg.Dir, keyringFile))
	if err != nil {
		return err
	}
	n.place = odbPlace{dir: n.cfg.Dir, dsn: n.cfg.ODB, keyring: n.keyring, log: n.log}
	if n.sealer, err = security.NewSealer(security.SealerConfig{Keyring: n.keyring, Lookup: n.opts.LookupEnv}); err != nil {
		return err
	}
	token, hash := admin.NewToken()
	n.localHash = hash
	return cluster.WritePrivate(filepath.Join(n.cfg.Dir, localTokenFile), []byte(token+"\n"))
}

func (n *Node) openListeners(ctx context.Context) error {
	var lc net.ListenConfig
	var err error
	if n.traffic, err = lc.Listen(ctx, "tcp", n.cfg.Traffic); err != nil {
		return fmt.Errorf("listen on the traffic port %s: %w; choose another with --traffic", n.cfg.Traffic, err)
	}
	n.onClose(ignoreClosed(n.traffic.Close))
	if n.control, err = lc.Listen(ctx, "tcp", n.cfg.Control); err != nil {
		return fmt.Errorf("listen on the control port %s: %w; choose another with --control", n.cfg.Control, err)
	}
	n.onClose(ignoreClosed(n.control.Close))
	n.certs = &certificates{n: n}
	return n.certs.renew()
}

// ignoreClosed makes closing twice no error: a server closes its listener itself.
func ignoreClosed(closer func() error) func() error {
	return func() error {
		if err := closer(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// Ready is closed when channels listen and the first configuration is in force.
func (n *Node) Ready() <-chan struct{} { return n.ready }
