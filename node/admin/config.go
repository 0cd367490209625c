package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// Config hands the API the parts of the node. All is required but what says
// otherwise.
type Config struct {
	Node  string    // name of this node
	Store odb.Store // the truth about configuration and accounts

	// Snapshot is the configuration that this node runs; nil before the first.
	// While the ODB is away, reads answer from it.
	Snapshot func() *odb.Snapshot
	// Changed tells the node that the ODB is at revision and returns when the node
	// runs it, or with the reason why it does not.
	Changed func(ctx context.Context, revision int64) error
	// Problems are the definitions that the node could not put into force.
	Problems func() []odb.Problem

	// LastAccess is accounts and tokens as they were last read; they count while the
	// ODB is away. nil, as a function or as what it returns: nobody but the node's
	// own token gets in then.
	LastAccess func() Access
	// Away reports whether the ODB is away; nil: it never is.
	Away func() bool
	// AcceptODB takes an ODB that is behind the node as it is and returns the
	// revision that is in force then; a Conflict when it is not behind.
	AcceptODB func(ctx context.Context) (int64, error)

	Sealer    Sealer
	Keys      Keys
	Cluster   Cluster
	Joins     Joins
	Restarts  Restarts
	Invoker   Invoker
	Services  Services
	Deployer  Deployer
	Outgoings Outgoings
	Audit     Audit
	Backups   Backups
	ODB       ODBTools
	// Stats are the live figures of this node, or of all nodes.
	Stats func(ctx context.Context, all bool) client.Stats
	// Metrics answers /metrics.
	Metrics http.Handler

	LocalTokenHash string                // [HashToken] of the node's own admin token; empty: there is none
	Events         *Events               // nil makes one; hand one in to publish what others do
	Registerer     prometheus.Registerer // takes the API's own counters; nil counts nothing
	Log            *slog.Logger          // nil means slog.Default()
	Now            func() time.Time      // nil means time.Now
}

// Sealer puts secrets in clear under the cluster's key.
type Sealer interface {
	// Seal replaces the secrets in clear of spec; current is the spec as it is, or nil.
	Seal(kind, name string, spec, current odb.Spec) error
	// Reseal makes the sealed secrets of a renamed definition belong to its new name.
	Reseal(kind, oldName, newName string, spec odb.Spec) error
}

// Keys are the keys that seal secrets; *security.Keyring is one.
type Keys interface {
	// IDs returns the ids of the keys, oldest first; the last is the primary.
	IDs() []string
	// Primary returns the id of the key that seals.
	Primary() string
	// Rotate makes a fresh primary key; the old ones stay, to open what they sealed.
	Rotate() (string, error)
	// Forget takes keys away for good; never the primary.
	Forget(ids ...string) error
}

// Cluster tells how the cluster and its nodes are.
type Cluster interface {
	// Ready reports whether this node serves.
	Ready() bool
	Status(ctx context.Context) client.Status
	Nodes(ctx context.Context) []client.Node
	// Problems are the definitions that are not in force, on every node that answers.
	Problems(ctx context.Context) []client.NodeProblem
	// Node asks a node, by name or id, what it tells of itself.
	Node(ctx context.Context, name string) (client.NodeDetail, error)
	// Topology shows the nodes and the ways between them.
	Topology(ctx context.Context) client.Topology
	// Rotate gives a node, by name or id, something else to do and returns how it is.
	Rotate(ctx context.Context, name string, r odb.Rotation) (client.Node, error)
	// Remove shuts a node out for ever.
	Remove(ctx context.Context, name string) error
	// Restart has a node end gracefully so that what supervises it starts it again,
	// and returns how it was before. Conflict when nothing would start it again.
	Restart(ctx context.Context, name string) (client.Node, error)
	// Certificates tells what the authority's and the nodes' certificates say.
	Certificates(ctx context.Context) client.Certificates
	// GossipKeys lists the ids of each node's keys.
	GossipKeys(ctx context.Context) []client.KeyedNode
	// RotateGossipKeys changes the key that encrypts gossip on all nodes.
	RotateGossipKeys(ctx context.Context) (client.KeyRotation, error)
}

// Restarts restarts nodes one after the other, whichever node is asked.
type Restarts interface {
	// Plan says what a restart of nodes, by name or id, would do; of all when none is given.
	Plan(ctx context.Context, names []string) (client.RestartPlan, error)
	// Begin begins one; wait is for a node to drain, and again to come back. Conflict
	// when something of the plan blocks it.
	Begin(ctx context.Context, names []string, wait time.Duration, by string) (client.RollingRestart, error)
	// State tells how far the last one has come.
	State(ctx context.Context) (client.RollingRestart, error)
	// Abort ends it after the node at work; Conflict when none is under way.
	Abort(ctx context.Context, by string) (client.RollingRestart, error)
}

// Joins lets boxes into the cluster.
type Joins interface {
	// Commit keeps a box's commitment and answers the cluster's part of the code.
	Commit(ctx context.Context, in client.JoinCommit) (client.JoinSalt, error)
	// Join lets a box in, or tells how far that is. Denied means that it guesses.
	Join(ctx context.Context, in client.JoinAsk, addr string) (client.JoinAnswer, error)
	// Token makes a join token for a pass with a fresh id and secret.
	Token() (id, hash, text string, err error)
}

// Invoker runs a call of a service; *service.Invoker is one.
type Invoker interface {
	Invoke(ctx context.Context, c *service.Call) ([]byte, error)
}

// Services lists what runs; *service.Registry is one.
type Services interface {
	List() []service.Info
	Get(name string) (service.Info, bool)
	// Uses lists what the code of a service names; false when it does not tell.
	Uses(name string) ([]service.Use, bool)
	// Callers lists by service where code names a service.
	Callers(name string) map[string][]service.Use
}

// Outgoings tells how the outgoing connections are.
type Outgoings interface {
	Connections() []client.Connection
	// Ping asks the far side now. An error means that there is no such connection;
	// a far side that does not answer is a result.
	Ping(ctx context.Context, name string) (client.Ping, error)
}

// Deployer deploys packages of services. Its methods return when this node runs
// the new code; code that does not compile is a [*BuildError].
type Deployer interface {
	// Deploy puts all packages into force in one revision, or none.
	Deploy(ctx context.Context, d Deployment) (DeployResult, error)
	// Check says what Deploy would do with packages, against a snapshot; it stores nothing.
	Check(ctx context.Context, snap *odb.Snapshot, packages []Package) ([]client.CheckedPackage, error)
	// Test runs a package's own tests. When ctx ends, the report says what was done until then.
	Test(ctx context.Context, p Package, filter string, timeout time.Duration) (client.TestReport, error)
	// Activate puts an earlier version of a package into force again.
	Activate(ctx context.Context, hash string, actor odb.Actor, reason string) (DeployResult, error)
	// Source returns the files of a version by path.
	Source(ctx context.Context, hash string) (name string, files map[string][]byte, err error)
}

// Deployment is code to be deployed.
type Deployment struct {
	Packages []Package
	Actor    odb.Actor
	Reason   string
	Force    bool // a node that cannot run it is taken out of rotation and does not stop it

	// Base is the version of each package that the code began from, "" for a new one.
	// When another is in force by now, the deployment is a [*StaleError].
	Base map[string]string
}

// StaleError says that somebody else has deployed a package meanwhile.
type StaleError struct {
	Package string
	Current string // version in force; empty when there is none
	Err     error
}

// Error implements error.
func (e *StaleError) Error() string { return e.Err.Error() }

// Unwrap returns what is behind it.
func (e *StaleError) Unwrap() error { return e.Err }

// Package is the source of one package: file contents by path.
type Package struct {
	Name  string
	Files map[string][]byte
}

// DeployResult is the outcome of a deployment. Revision is the one in force after it.
type DeployResult struct {
	Revision int64
	Packages []client.DeployedPackage
}

// BuildError says why packages do not compile.
type BuildError struct {
	Messages []client.BuildMessage
}

// Error returns the first message and how many more there are.
func (e *BuildError) Error() string {
	if len(e.Messages) == 0 {
		return "the package does not compile"
	}
	text := e.Messages[0].String()
	if n := len(e.Messages) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// check reports everything that is missing at once and fills in what may be.
func (cfg *Config) check() error {
	var missing []error
	need := func(name string, there bool) {
		if !there {
			missing = append(missing, fmt.Errorf("%s is missing", name))
		}
	}
	need("Node", cfg.Node != "")
	need("Store", cfg.Store != nil)
	need("Snapshot", cfg.Snapshot != nil)
	need("Changed", cfg.Changed != nil)
	need("Problems", cfg.Problems != nil)
	need("AcceptODB", cfg.AcceptODB != nil)
	need("Sealer", cfg.Sealer != nil)
	need("Keys", cfg.Keys != nil)
	need("Cluster", cfg.Cluster != nil)
	need("Joins", cfg.Joins != nil)
	need("Restarts", cfg.Restarts != nil)
	need("Invoker", cfg.Invoker != nil)
	need("Services", cfg.Services != nil)
	need("Deployer", cfg.Deployer != nil)
	need("Outgoings", cfg.Outgoings != nil)
	need("Audit", cfg.Audit != nil)
	need("Backups", cfg.Backups != nil)
	need("ODB", cfg.ODB != nil)
	need("Stats", cfg.Stats != nil)
	need("Metrics", cfg.Metrics != nil)
	if err := errors.Join(missing...); err != nil {
		return fmt.Errorf("admin config: %w", err)
	}
	if cfg.Away == nil {
		cfg.Away = func() bool { return false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Events == nil {
		cfg.Events = NewEvents(cfg.Now)
	}
	cfg.Log = cmp.Or(cfg.Log, slog.Default()).With("component", "admin")
	return nil
}
