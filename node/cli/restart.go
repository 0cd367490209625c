package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// restartedNode is what became of a node.
type restartedNode struct {
	Name    string    `json:"name"`
	OK      bool      `json:"ok"`
	Error   string    `json:"error,omitempty"` // why not; of those after the first failure, that they were left alone
	TookMS  int64     `json:"took_ms,omitempty"`
	Started time.Time `json:"started"` // start of its process, as last seen
}

func newRestart(a *app) *cobra.Command {
	var rolling, wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "restart [NAME…]", Short: "Restart nodes, one at a time and without a failed request",
		Long: `Restarts nodes, one after the other: a node is drained, ends, is started again by
what supervises it (systemd, or "signalbox up"), gets the newest configuration, and is
put back into the rotation that it had, before the next one begins. The node that
answers this command comes last.

It ends at the first node that fails and says where. A node whose requests do not end
in time is put online again and was not restarted; one that does not come back as it
should stays drained.

Nodes that nothing would start again refuse, before anything is done. With --rolling
all nodes are restarted; else those that are named. With --wait the command ends when,
after that, every node of the cluster is up and at the newest revision, those that were
not restarted too.`,
		Example: `  signalbox restart --rolling --wait
  signalbox restart box-2
  signalbox restart --rolling --timeout 10m -o json | jq '.[] | select(.ok | not)'`,
		Args: args(0, -1, "NAME"), ValidArgsFunction: a.nodeNames(100),
	}
	f := cmd.Flags()
	f.BoolVar(&rolling, "rolling", false, "all nodes")
	f.BoolVar(&wait, "wait", false, "at the end, wait until every node is up and at the newest revision")
	f.DurationVar(&timeout, "timeout", 5*time.Minute, "longest time for a node to drain, and again to come back")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		switch {
		case rolling == (len(names) > 0):
			return usagef("either names of nodes or --rolling is needed")
		case timeout < time.Second:
			return usagef("--timeout is %s; at least 1s is needed", timeout)
		}
		r := &restarter{a: a, timeout: timeout}
		defer r.hangUp()
		return r.run(cmd.Context(), names, wait)
	}
	return cmd
}

// restarter restarts nodes. It connects anew when it must: the node that it speaks
// to restarts too, and may come back with another address and token.
type restarter struct {
	a       *app
	timeout time.Duration
	c       *client.Client
}

func (r *restarter) hangUp() {
	if r.c != nil {
		r.c.Close()
		r.c = nil
	}
}

// call calls the API, connecting first when there is no connection.
func (r *restarter) call(f func(c *client.Client) error) error {
	if r.c == nil {
		c, err := r.a.connect()
		if err != nil {
			return err
		}
		r.c = c
	}
	err := f(r.c)
	if code := exitCode(err); code == exitUnreachable || code == exitNotAllowed {
		r.hangUp()
	}
	return err
}

func (r *restarter) nodes(ctx context.Context) (out []client.Node, err error) {
	err = r.call(func(c *client.Client) error {
		out, err = c.Nodes(ctx)
		return err
	})
	return out, err
}

func (r *restarter) run(ctx context.Context, names []string, wait bool) error {
	nodes, err := r.nodes(ctx)
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	todo, err := whichNodes(nodes, names)
	if err != nil {
		return err
	}
	var out []restartedNode
	var failed error
	for _, n := range todo {
		x := restartedNode{Name: n.Name, Started: n.Started}
		if failed != nil {
			x.Error = "it was left alone"
			out = append(out, x)
			continue
		}
		begun := time.Now()
		if x.Started, err = r.restart(ctx, n); err != nil {
			x.Error = err.Error()
			failed = fmt.Errorf("restart stopped at %s: %w", n.Name, err)
		} else {
			x.OK, x.TookMS = true, time.Since(begun).Milliseconds()
			r.a.note("%s is back after %s", clean(n.Name), time.Since(begun).Round(10*time.Millisecond))
		}
		out = append(out, x)
	}
	if failed == nil && wait {
		failed = r.awaitLevel(ctx)
	}
	err = r.a.show(out, func(o *screen) { restartTable(o, out) })
	return cmp.Or(failed, err)
}

func restartTable(o *screen, out []restartedNode) {
	var rows [][]cell
	for _, x := range out {
		rows = append(rows, []cell{text(x.Name), {word(x.OK, "yes", "no"), styleIf(!x.OK, red)}, when(x.Started), text(x.Error)})
	}
	o.table([]string{"NODE", "RESTARTED", "RUNS SINCE", "WHY NOT"}, rows)
}

// whichNodes returns the nodes to restart, that which answers last, or why it
// cannot be done.
func whichNodes(all []client.Node, names []string) ([]client.Node, error) {
	var out []client.Node
	for _, name := range names {
		if !slices.ContainsFunc(all, func(n client.Node) bool { return n.Name == name || n.ID == name }) {
			return nil, failf(exitNotFound, "there is no node %s", name).trying("signalbox nodes")
		}
	}
	var not []string
	for _, n := range all {
		if len(names) > 0 && !slices.Contains(names, n.Name) && !slices.Contains(names, n.ID) {
			continue
		}
		switch {
		case n.Started.IsZero():
			not = append(not, n.Name+" does not answer: "+cmp.Or(n.Why, n.State))
		case !n.Supervised:
			not = append(not, n.Name+" was started by hand: nothing would start it again")
		}
		out = append(out, n)
	}
	if len(not) > 0 {
		return nil, failf(exitConflict, "nothing was restarted: %s", strings.Join(not, "; ")).
			trying("run nodes by systemd or by signalbox up --nodes, or name the nodes that can be restarted")
	}
	slices.SortStableFunc(out, func(a, b client.Node) int {
		return cmp.Compare(map[bool]int{true: 1}[a.Local], map[bool]int{true: 1}[b.Local])
	})
	return out, nil
}

// restart restarts one node and returns when its process began.
func (r *restarter) restart(ctx context.Context, n client.Node) (time.Time, error) {
	r.a.note("%s: draining", clean(n.Name))
	if err := r.drain(ctx, n); err != nil {
		return n.Started, err
	}
	r.a.note("%s: restarting", clean(n.Name))
	var before client.Node
	err := r.call(func(c *client.Client) (err error) {
		before, err = c.RestartNode(ctx, n.ID)
		return err
	})
	if err != nil {
		r.putBack(ctx, n)
		return n.Started, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	want := before.Revision
	last, err := await(ctx, r.nodes, n.ID, func(now client.Node) bool {
		return !now.Started.IsZero() && !now.Started.Equal(before.Started) && now.Revision >= want
	})
	switch {
	case err == nil:
		return last.Started, r.online(ctx, n)
	case ctx.Err() != nil && !last.Started.IsZero() && last.Started.Equal(before.Started):
		return n.Started, fmt.Errorf("it did not end within %s; it stays drained", r.timeout)
	case ctx.Err() != nil && last.Started.IsZero():
		return n.Started, fmt.Errorf("it did not come back within %s (%s); it stays drained", r.timeout, cmp.Or(last.Why, "no node answers"))
	}
	return last.Started, fmt.Errorf("it is back, but not at revision %d: %w; it stays drained", want, err)
}

// drain takes a node out of rotation and waits for its requests. When they do not
// end it gets its rotation back.
func (r *restarter) drain(ctx context.Context, n client.Node) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	to := odb.Rotation(n.Rotation)
	if to == odb.Online {
		to = odb.Draining
		if err := r.rotate(ctx, n, to); err != nil {
			return err
		}
	}
	if _, err := r.a.awaitRotation(ctx, r.nodes, n, to); err != nil {
		r.putBack(ctx, n)
		return err
	}
	return nil
}

// online gives a node its rotation back and waits until it takes requests.
func (r *restarter) online(ctx context.Context, n client.Node) error {
	if n.Rotation != string(odb.Online) {
		return nil
	}
	if err := r.rotate(ctx, n, odb.Online); err != nil {
		return err
	}
	_, err := r.a.awaitRotation(ctx, r.nodes, n, odb.Online)
	return err
}

func (r *restarter) rotate(ctx context.Context, n client.Node, to odb.Rotation) error {
	return r.call(func(c *client.Client) error {
		_, err := c.SetRotation(ctx, n.ID, to)
		return err
	})
}

// putBack gives a node that was not restarted its rotation back, also after an interrupt.
func (r *restarter) putBack(ctx context.Context, n client.Node) {
	if n.Rotation != string(odb.Online) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := r.rotate(ctx, n, odb.Online); err != nil {
		r.a.err.line("%s could not be put online again: %v", clean(n.Name), err)
	}
}

// awaitLevel waits until every node is up and at the newest revision.
func (r *restarter) awaitLevel(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		var s client.Status
		err := r.call(func(c *client.Client) (err error) {
			s, err = c.Status(ctx)
			return err
		})
		if err == nil && s.Level && s.Nodes.Down+s.Nodes.Unknown == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(failf(exitFailed, "the nodes are restarted, but within %s not all of the cluster's are up and at the newest revision", r.timeout).
				trying("signalbox nodes"), err)
		case <-tick.C:
		}
	}
}
