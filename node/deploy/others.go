package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"signalbox.internal/odb"
)

// prepareHold is how long a node keeps what it prepared for another's deployment:
// the switch comes within that, or not at all.
const prepareHold = 2 * time.Minute

// Others are the other nodes of the cluster. Before a deployment switches, each of
// them has the code and has compiled it, so that no node is left behind.
type Others interface {
	// Prepare has all other nodes that are there prepare packages, and returns what
	// became of it.
	Prepare(ctx context.Context, pkgs []odb.Package) []NodePrepared
	// TakeOut takes a node out of rotation: it could not prepare, and the others go on.
	TakeOut(ctx context.Context, node string) error
}

// NodePrepared is what became of preparing packages on one node; Err is nil when it is ready.
type NodePrepared struct {
	Node string
	Err  error
}

// NotPreparedError says which nodes could not prepare a deployment: nothing was
// switched.
type NotPreparedError struct {
	Nodes []NodePrepared // those with an error
}

// Error implements error.
func (e *NotPreparedError) Error() string {
	var b strings.Builder
	for i, n := range e.Nodes {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "node %s cannot run it: %v", n.Node, n.Err)
	}
	return b.String()
}

// prepareElsewhere has the other nodes prepare. One that cannot stops the
// deployment or, when it is forced, is taken out of rotation.
func (d *Deployer) prepareElsewhere(ctx context.Context, req Request, pkgs []odb.Package) error {
	if d.others == nil {
		return nil
	}
	var bad []NodePrepared
	for _, n := range d.others.Prepare(ctx, pkgs) {
		if n.Err != nil {
			bad = append(bad, n)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	if !req.Force {
		return &NotPreparedError{Nodes: bad}
	}
	for _, n := range bad {
		d.log.WarnContext(ctx, "node is taken out of rotation: it cannot run what is deployed", "name", n.Node, "error", n.Err)
		if err := d.others.TakeOut(ctx, n.Node); err != nil {
			return fmt.Errorf("take node %s out of rotation: %w", n.Node, err)
		}
	}
	return nil
}

// Prepare fetches and compiles a stored package for a switch that another node is
// about to make, and keeps it for a while.
func (d *Deployer) Prepare(ctx context.Context, name, hash string) error {
	drop := d.modules.hold(name, hash)
	_, err := d.modules.get(ctx, name, hash, func() (Source, error) {
		archive, err := d.code.Archive(ctx, hash)
		if err != nil {
			return Source{}, errNoPackage(name, hash, err)
		}
		return Unpack(name, archive)
	})
	if err != nil {
		drop()
		return err
	}
	time.AfterFunc(prepareHold, drop)
	return nil
}
