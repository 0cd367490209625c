package node

import (
	"context"
	"errors"
	"net/http"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/deploy"
	"signalbox.internal/odb"
)

// How long the other nodes have to compile a deployment, and how large a package
// of theirs may be, in bytes.
const (
	prepareTimeout = time.Minute
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
	var out []deploy.NodePrepared
	for _, s := range askAll(ctx, o.n, func(context.Context) (struct{}, error) { return struct{}{}, nil }, askWith[struct{}](o.n, "/prepare", want)) {
		if !s.View.Local && s.View.State == cluster.Up {
			out = append(out, deploy.NodePrepared{Node: s.View.Name, Err: s.Err})
		}
	}
	return out
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
