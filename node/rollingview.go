package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// mostRolling is the most nodes of one rolling restart.
const mostRolling = 200

// restarts shows rolling restarts to the admin API; it implements admin.Restarts.
type restarts struct{ n *Node }

// State implements admin.Restarts.
func (v restarts) State(ctx context.Context) (client.RollingRestart, error) {
	r, _, err := loadRolling(ctx, v.n.store)
	if err != nil || r.State != client.RestartRunning {
		return r, err
	}
	by, err := rollingEndOf(ctx, v.n.store, r.ID)
	if by != "" {
		r.State, r.AbortedBy = client.RestartAborting, by
	}
	return r, err
}

// Plan implements admin.Restarts.
func (v restarts) Plan(ctx context.Context, names []string) (client.RestartPlan, error) {
	now, err := v.State(ctx)
	if err != nil {
		return client.RestartPlan{}, err
	}
	t := clusterView(v).Topology(ctx)
	todo, err := chosen(t.Nodes, names)
	if err != nil {
		return client.RestartPlan{}, err
	}
	p := client.RestartPlan{Possible: true, Nodes: []client.RestartStep{}, Checks: []client.RestartCheck{
		check("idle", true, either(now.Over(), "", "a rolling restart is under way, begun by "+now.By)),
		check("answers", true, namesOf(todo, func(n client.Node) bool { return n.Started.IsZero() }, "does not answer")),
		check("supervised", true, namesOf(todo, func(n client.Node) bool { return !n.Started.IsZero() && !n.Supervised }, "was started by hand: nothing would start it again")),
		check("up", false, namesOf(t.Nodes, func(n client.Node) bool { return n.State != "up" }, "is not up")),
		check("level", false, namesOf(t.Nodes, notLevel(t.Nodes), "is not at the newest revision")),
		check("whole", false, either(len(t.Parts) > 1, "the cluster is split: some nodes do not hear each other", "")),
		check("spare", false, spare(t.Nodes, todo)),
		check("rotation", false, namesOf(todo, func(n client.Node) bool { return n.Rotation != string(odb.Online) }, "is not online, and stays so after its restart")),
	}}
	for _, c := range p.Checks {
		p.Possible = p.Possible && (c.OK || !c.Blocks)
	}
	for _, n := range todo {
		p.Nodes = append(p.Nodes, client.RestartStep{
			Name: n.Name, ID: n.ID, State: client.StepWaiting, Since: t.At, Rotation: n.Rotation, Before: n.Started, Started: n.Started,
			Revision: n.Revision, InFlight: n.InFlight,
		})
	}
	return p, nil
}

func check(id string, blocks bool, text string) client.RestartCheck {
	return client.RestartCheck{ID: id, OK: text == "", Blocks: blocks, Text: text}
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// chosen returns the nodes to restart, the one that answers last: it drives until
// its own turn.
func chosen(all []client.Node, names []string) ([]client.Node, error) {
	const op = "plan restart"
	var out []client.Node
	for _, name := range names {
		if !slices.ContainsFunc(all, func(n client.Node) bool { return n.Name == name || n.ID == name }) {
			return nil, odb.Errorf(odb.NotFound, op, name, "there is no such node")
		}
	}
	for _, n := range all {
		if len(names) == 0 || slices.Contains(names, n.Name) || slices.Contains(names, n.ID) {
			out = append(out, n)
		}
	}
	if len(out) > mostRolling {
		return nil, odb.Errorf(odb.Invalid, op, "", "%d nodes are too many at once; at most %d are restarted in one go: name some", len(out), mostRolling)
	}
	slices.SortStableFunc(out, func(a, b client.Node) int {
		return cmp.Compare(map[bool]int{true: 1}[a.Local], map[bool]int{true: 1}[b.Local])
	})
	return out, nil
}

// namesOf says of which nodes something is true; empty for none.
func namesOf(nodes []client.Node, is func(client.Node) bool, what string) string {
	var out []string
	for _, n := range nodes {
		if is(n) {
			out = append(out, n.Name+" "+what)
		}
	}
	return strings.Join(out, "; ")
}

// notLevel reports whether a node that answers runs an older revision than another.
func notLevel(nodes []client.Node) func(client.Node) bool {
	var newest int64
	for _, n := range nodes {
		newest = max(newest, n.Revision)
	}
	return func(n client.Node) bool { return !n.Started.IsZero() && n.Revision < newest }
}

// spare says which nodes nobody would stand in for.
func spare(all, todo []client.Node) string {
	return namesOf(todo, func(n client.Node) bool {
		return n.Rotation == string(odb.Online) &&
			!slices.ContainsFunc(all, func(o client.Node) bool { return o.ID != n.ID && o.Ready && o.Rotation == string(odb.Online) })
	}, "is the only node that takes requests: clients get no answer while it restarts")
}

// Begin implements admin.Restarts.
func (v restarts) Begin(ctx context.Context, names []string, wait time.Duration, by string) (client.RollingRestart, error) {
	const op = "begin restart"
	p, err := v.Plan(ctx, names)
	if err != nil {
		return client.RollingRestart{}, err
	}
	for _, c := range p.Checks {
		if c.Blocks && !c.OK {
			return client.RollingRestart{}, odb.Errorf(odb.Conflict, op, "", "nothing was restarted: %s", c.Text)
		}
	}
	lease, err := v.lease(ctx)
	if err != nil {
		return client.RollingRestart{}, err
	}
	d := &rollingDriver{n: v.n, lease: lease}
	defer v.n.roller.look()
	defer d.release(ctx)
	now, _, err := loadRolling(ctx, v.n.store)
	if err == nil && !now.Over() {
		err = odb.Errorf(odb.Conflict, op, "", "nothing was restarted: a rolling restart is under way, begun by %s", now.By)
	}
	if err != nil {
		return client.RollingRestart{}, err
	}
	d.now = client.RollingRestart{
		ID: odb.NewID(), State: client.RestartRunning, By: by, Begun: time.Now().UTC(), TimeoutSeconds: int64(wait / time.Second),
		Driver: v.n.cfg.Name, Nodes: p.Nodes,
	}
	return d.now, d.save(ctx)
}

// lease takes the lease for a new restart. Who drove the one before may hold it for a
// moment longer, or have died with it.
func (v restarts) lease(ctx context.Context) (odb.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, rollingTTL+time.Second)
	defer cancel()
	tick := time.NewTicker(rollingLook)
	defer tick.Stop()
	for {
		lease, err := v.n.store.TakeLease(ctx, rollingLease, v.n.roller.holder(), rollingTTL)
		if odb.KindOf(err) != odb.Conflict {
			return lease, err
		}
		if now, err := v.State(ctx); err != nil {
			return lease, err
		} else if !now.Over() {
			return lease, odb.Errorf(odb.Conflict, "begin restart", "", "nothing was restarted: a rolling restart is under way, begun by %s", now.By)
		}
		select {
		case <-ctx.Done():
			return lease, err
		case <-tick.C:
		}
	}
}

// Abort implements admin.Restarts.
func (v restarts) Abort(ctx context.Context, by string) (client.RollingRestart, error) {
	now, err := v.State(ctx)
	if err != nil {
		return now, err
	}
	if now.Over() {
		return now, odb.Errorf(odb.Conflict, "abort restart", "", "no rolling restart is under way: %s", either(now.State == client.RestartNone, "there was none yet", fmt.Sprintf("the last one is %s", now.State)))
	}
	if err := endRolling(ctx, v.n.store, now.ID, by); err != nil {
		return now, err
	}
	v.n.roller.look()
	now.State, now.AbortedBy = client.RestartAborting, by
	return now, nil
}
