package node

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/deploy"
	"signalbox.internal/node/peer"
	"signalbox.internal/odb"
)

// How long the other nodes have to compile a deployment, and how large a package
// of theirs may be, in bytes.
const (
	prepareTimeout = time.Minute
	lookEvery      = time.Second // whether who prepares is still there
	probeAgain     = 500 * time.Millisecond
	maxPackage     = 64 << 20
)

// others are the other nodes, as a deployment sees them.
type others struct{ n *Node }

// wantedPackage names code that a node shall have ready.
type wantedPackage struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
}

// Prepare implements deploy.Others. A node that is down or not heard of does not
// count: it is ready only when it is level again.
func (o others) Prepare(ctx context.Context, pkgs []odb.Package) []deploy.NodePrepared {
	var want []wantedPackage
	for _, p := range pkgs {
		want = append(want, wantedPackage{Name: p.Name, Hash: p.Hash})
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	ask := askWith[struct{}](o.n, "/prepare", want)
	var out []deploy.NodePrepared
	for _, s := range askAll(ctx, o.n, func(context.Context) (struct{}, error) { return struct{}{}, nil },
		func(ctx context.Context, t peer.Target) (struct{}, error) {
			ctx, cancel := o.whileThere(ctx, t)
			defer cancel(nil)
			out, err := ask(ctx, t)
			if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) { // a kept connection that was closed over there
				out, err = ask(ctx, t) // preparing twice does what once does
			}
			if cause := context.Cause(ctx); err != nil && cause != nil {
				err = cause
			}
			return out, err
		}) {
		if !s.View.Local && o.counts(ctx, s) {
			out = append(out, deploy.NodePrepared{Node: s.View.Name, Err: s.Err})
		}
	}
	return out
}

// Why a node is not waited for.
var (
	errNotUp    = errors.New("it is not up any more")
	errNoAnswer = errors.New("it counts as up, but does not answer this node: it was lost a moment ago, or the way between the two is cut")
)

// whileThere returns a context that ends when a node is not held to be up any
// more or does not answer: compiling may take long, and a connection does not
// tell that from a cut.
func (o others) whileThere(ctx context.Context, t peer.Target) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if !o.up(t.ID) {
		cancel(errNotUp)
		return ctx, cancel
	}
	go func() { // ends with ctx
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		silent := 0
		for silent < 2 {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if !o.up(t.ID) {
				cancel(errNotUp)
				return
			}
			ask, stop := context.WithTimeout(ctx, askPeers)
			if err := o.n.peers.Call(ask, t, "/hello", nil, nil); err == nil {
				silent = 0
			} else {
				silent++
			}
			stop()
		}
		cancel(errNoAnswer)
	}()
	return ctx, cancel
}

func (o others) up(id string) bool {
	v, ok := o.n.roster.View(id)
	return ok && v.State == cluster.Up
}

// counts reports whether what a node said of a deployment counts: it answered, or
// is up and something else is wrong. One that ended a moment ago is told by
// nothing listening where it was.
func (o others) counts(ctx context.Context, s said[struct{}]) bool {
	if _, answered := errors.AsType[*peer.Refusal](s.Err); s.Err == nil || answered {
		return true
	}
	if errors.Is(s.Err, errNotUp) && s.View.State != cluster.Up {
		return false // it comes up only now, and was not asked
	}
	if !o.up(s.View.ID) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeAgain)
	defer cancel()
	return !errors.Is(o.n.probe(ctx, s.View), syscall.ECONNREFUSED)
}

// TakeOut implements deploy.Others.
func (o others) TakeOut(ctx context.Context, node string) error {
	_, err := clusterView(o).Rotate(ctx, node, odb.Maintenance)
	return err
}

// prepare gets code ready that another node is about to switch to.
func (n *Node) prepare(ctx context.Context, want []wantedPackage) (struct{}, error) {
	var errs []error
	for _, w := range want {
		errs = append(errs, n.deployer.Prepare(ctx, w.Name, w.Hash))
	}
	return struct{}{}, errors.Join(errs...)
}

// handPackage hands an archive to another node, which checks it by its hash.
func (n *Node) handPackage(w http.ResponseWriter, r *http.Request) {
	archive, ok := n.keeper.code.Kept(r.Context(), r.PathValue("hash"))
	if !ok {
		http.Error(w, "this node does not have it", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(archive) // the caller went away
}

// fetchPackage asks the other nodes for an archive, one after the other.
func (n *Node) fetchPackage(ctx context.Context, hash string) ([]byte, error) {
	err := errors.New("no other node is up")
	for _, v := range n.roster.Views() {
		if v.Local || v.State != cluster.Up {
			continue
		}
		var archive []byte
		if archive, err = n.peers.Fetch(ctx, targetOf(v), "/packages/"+hash, maxPackage); err == nil {
			return archive, nil
		}
	}
	return nil, err
}
