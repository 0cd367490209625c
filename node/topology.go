package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/member"
	"signalbox.internal/odb"
)

// Topology implements admin.Cluster: each node is asked what it measures.
func (v clusterView) Topology(ctx context.Context) client.Topology {
	all := v.n.hellos(ctx)
	names := map[string]string{}
	for _, s := range all {
		names[s.View.ID] = s.View.Name
	}
	t := client.Topology{At: time.Now().UTC(), Nodes: v.nodes(all), Links: []client.Link{}, Missing: []string{}}
	hears := map[string]map[string]bool{} // name to names
	for _, s := range all {
		if s.Err != nil {
			if s.View.State != cluster.Down && s.View.Control != "" { // one that never ran has no address
				t.Missing = append(t.Missing, s.View.Name)
			}
			continue
		}
		heard := map[string]bool{}
		hears[s.View.Name] = heard
		for _, id := range s.Answer.Hears {
			heard[names[id]] = true
		}
		for _, l := range s.Answer.Links {
			if to, known := names[l.ID]; known {
				t.Links = append(t.Links, link(s.View.Name, to, l))
			}
		}
	}
	t.Parts = parts(hears)
	t.Split = len(t.Parts) > 1 || len(t.Missing) > 0
	return t
}

func link(from, to string, l cluster.Link) client.Link {
	out := client.Link{
		From: from, To: to, RTTMS: milliseconds(l.RTT), Loss: l.Loss, SkewMS: milliseconds(l.Skew), TCPOnly: l.TCPOnly, Silent: l.Silent,
	}
	if !l.Answer.IsZero() {
		at := l.Answer.UTC()
		out.Answer = &at
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// parts groups the nodes that answered by who hears whom, both ways.
func parts(hears map[string]map[string]bool) [][]string {
	out := [][]string{}
	seen := map[string]bool{}
	for name := range hears {
		if seen[name] {
			continue
		}
		var part []string
		todo := []string{name}
		for len(todo) > 0 {
			next := todo[0]
			todo = todo[1:]
			if seen[next] {
				continue
			}
			seen[next] = true
			part = append(part, next)
			for other := range hears {
				if hears[next][other] && hears[other][next] {
					todo = append(todo, other)
				}
			}
		}
		slices.Sort(part)
		out = append(out, part)
	}
	slices.SortFunc(out, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// Rotate implements admin.Cluster.
func (v clusterView) Rotate(ctx context.Context, name string, r odb.Rotation) (client.Node, error) {
	m, err := v.find("set rotation", name)
	if err != nil {
		return client.Node{}, err
	}
	if err := v.n.store.SetRotation(ctx, m.ID, r); err != nil {
		return client.Node{}, err
	}
	v.n.refreshAll(ctx)
	for _, n := range v.Nodes(ctx) {
		if n.ID == m.ID {
			return n, nil
		}
	}
	return client.Node{}, odb.Errorf(odb.NotFound, "set rotation", name, "it is no member any more")
}

func (v clusterView) find(op, name string) (member.View, error) {
	m, ok := v.n.roster.View(name)
	if !ok {
		return m, odb.Errorf(odb.NotFound, op, name, "there is no such node")
	}
	return m, nil
}

// Remove implements admin.Cluster.
func (v clusterView) Remove(ctx context.Context, name string) error {
	m, err := v.find("remove node", name)
	if err != nil {
		return err
	}
	if m.Local {
		return odb.Errorf(odb.Conflict, "remove node", m.Name, "it is the node that you speak to; ask another one to remove it")
	}
	if err := v.n.store.RemoveMember(ctx, m.ID); err != nil {
		return err
	}
	v.n.refreshAll(ctx)
	return nil
}

// refreshAll has every node read the list of nodes now; who cannot be reached
// reads it within seconds by itself.
func (n *Node) refreshAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askPeers)
	defer cancel()
	for _, s := range askAll(ctx, n, func(ctx context.Context) (struct{}, error) { return struct{}{}, n.roster.Refresh(ctx) },
		askWith[struct{}](n, "/refresh", struct{}{})) {
		if s.Err != nil {
			n.log.DebugContext(ctx, "node did not read the list of nodes", "name", s.View.Name, "error", s.Err)
		}
	}
	n.rotate()
}

// RotateGossipKeys implements admin.Cluster: install on all, confirm all, use on
// all, confirm, remove the old ones. A node that is off stops it before the new
// key is used by anybody, unless it said goodbye: it gets the keys when it comes back.
func (v clusterView) RotateGossipKeys(ctx context.Context) (client.KeyRotation, error) {
	key := cluster.NewGossipKey()
	out := client.KeyRotation{Key: cluster.GossipKeyID(key)}
	generation := max(time.Now().UnixMilli(), v.n.gossipKeys.Ring().Generation+1) // two at a time: the later one wins
	for _, step := range []keyChange{{Op: "install", Key: key}, {Op: "use", ID: out.Key, Generation: generation}, {Op: "keep", ID: out.Key}} {
		var err error
		if out.Nodes, err = v.keyStep(ctx, step); err != nil {
			if step.Op == "install" { // nobody uses it: take it back
				_, _ = v.keyStep(ctx, keyChange{Op: "remove", ID: out.Key}) //nolint:errcheck // it does no harm where it stays
				return out, odb.Errorf(odb.Conflict, "rotate gossip keys", "", "%w; nothing was changed. Start the node, or remove it from the cluster, and try again", err)
			}
			return out, nil // each node reads with both keys; running it again finishes
		}
	}
	out.Complete = true
	return out, nil
}

func (v clusterView) keyStep(ctx context.Context, step keyChange) ([]client.KeyedNode, error) {
	var nodes []client.KeyedNode
	var errs []error
	for _, s := range askAll(ctx, v.n, func(ctx context.Context) ([]string, error) { return v.n.changeGossipKeys(ctx, step) },
		askWith[[]string](v.n, "/gossip-keys", step)) {
		k := client.KeyedNode{Name: s.View.Name, Keys: s.Answer}
		switch {
		case s.Err != nil && s.View.State == cluster.Down:
			k.Error = "it is down, and takes the keys over when it comes back"
		case s.Err != nil:
			k.Error = s.Err.Error()
			errs = append(errs, errors.New("the node "+s.View.Name+" did not take part: "+k.Error))
		}
		nodes = append(nodes, k)
	}
	return nodes, errors.Join(errs...)
}
