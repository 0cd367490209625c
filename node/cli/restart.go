package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

// restartedNode is what became of a node.
type restartedNode struct {
	Name    string    `json:"name"`
	OK      bool      `json:"ok"`
	Error   string    `json:"error,omitempty"` // why not; of those after the first failure, that they were left alone
	TookMS  int64     `json:"took_ms,omitempty"`
	Started time.Time `json:"started"` // start of its process, as last seen
}

// restartFlags are what restart is given.
type restartFlags struct {
	rolling, wait, status, abort bool
	timeout                      time.Duration
}

func newRestart(a *app) *cobra.Command {
	var given restartFlags
	cmd := &cobra.Command{
		Use: "restart [NAME…]", Short: "Restart nodes, one at a time and without a failed request",
		Long: `Restarts nodes, one after the other: a node is drained, ends, is started again by
what supervises it (systemd, or "signalbox up"), gets the newest configuration, and is
put back into the rotation that it had, before the next one begins. The node that
answers this command comes last.

The cluster does it, and this command shows how far it is: when the command is ended,
the restart goes on. --status shows it again, from any box; --abort ends it: the node at
work gets back into its rotation first, the others are left alone.

It ends at the first node that fails and says where. A node whose requests do not end
in time is put online again and was not restarted; one that does not come back as it
should stays drained.

Nodes that nothing would start again are refused, before anything is done. With
--rolling all nodes are restarted; else those that are named. With --wait the command
ends when, after that, every node of the cluster is up and at the newest revision, those
that were not restarted too.`,
		Example: `  signalbox restart --rolling --wait
  signalbox restart box-2
  signalbox restart --status
  signalbox restart --abort
  signalbox restart --rolling --timeout 10m -o json | jq '.[] | select(.ok | not)'`,
		Args: args(0, -1, "NAME"), ValidArgsFunction: a.nodeNames(100),
	}
	f := cmd.Flags()
	f.BoolVar(&given.rolling, "rolling", false, "all nodes")
	f.BoolVar(&given.wait, "wait", false, "at the end, wait until every node is up and at the newest revision")
	f.BoolVar(&given.status, "status", false, "show how far the last restart is, and do nothing")
	f.BoolVar(&given.abort, "abort", false, "end the restart that is under way")
	f.DurationVar(&given.timeout, "timeout", 5*time.Minute, "longest time for a node to drain, and again to come back")
	cmd.MarkFlagsMutuallyExclusive("status", "abort", "rolling")
	cmd.MarkFlagsMutuallyExclusive("status", "wait")
	cmd.RunE = func(cmd *cobra.Command, names []string) error { return a.restart(cmd.Context(), given, names) }
	return cmd
}

func (a *app) restart(ctx context.Context, given restartFlags, names []string) error {
	r := &restarter{a: a, given: given}
	defer r.hangUp()
	switch {
	case (given.status || given.abort) && len(names) > 0:
		return usagef("--status and --abort take no names: one restart is under way at a time")
	case given.status:
		return r.status(ctx)
	case given.abort:
		return r.abort(ctx)
	case given.rolling == (len(names) > 0):
		return usagef("either names of nodes or --rolling is needed")
	case given.timeout < time.Second:
		return usagef("--timeout is %s; at least 1s is needed", given.timeout)
	}
	return r.run(ctx, names)
}

// restarter follows a restart. It connects anew when it must: the node that it
// speaks to restarts too, and may come back with another address and token.
type restarter struct {
	a     *app
	given restartFlags
	c     *client.Client
	told  map[string]string // of each node, what was said last
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

func (r *restarter) run(ctx context.Context, names []string) error {
	var now client.RollingRestart
	err := r.call(func(c *client.Client) (err error) {
		now, err = c.BeginRestart(ctx, client.BeginRestart{Nodes: names, TimeoutSeconds: int64(r.given.timeout / time.Second)})
		return err
	})
	if err != nil {
		return err
	}
	now, failed := r.follow(ctx, now)
	if failed == nil && now.State != client.RestartDone {
		failed = ended(now)
	}
	if failed == nil && r.given.wait {
		failed = r.awaitLevel(ctx)
	}
	out := results(now)
	return errors.Join(failed, r.a.show(out, func(o *screen) { restartTable(o, out) }))
}

// ended says why a restart did not come to its end.
func ended(now client.RollingRestart) error {
	if now.State == client.RestartAborted {
		return failf(exitFailed, "the restart was ended by %s; every node is in the rotation that it had", now.AbortedBy)
	}
	return failf(exitFailed, "restart stopped at %s", now.Error).trying("signalbox nodes")
}

func results(now client.RollingRestart) []restartedNode {
	out := []restartedNode{}
	for _, s := range now.Nodes {
		x := restartedNode{Name: s.Name, OK: s.State == client.StepDone, Error: s.Error, Started: s.Started}
		if x.OK && s.Begun != nil && s.Ended != nil {
			x.TookMS = s.Ended.Sub(*s.Begun).Milliseconds()
		}
		out = append(out, x)
	}
	return out
}

func restartTable(o *screen, out []restartedNode) {
	var rows [][]cell
	for _, x := range out {
		rows = append(rows, []cell{text(x.Name), {word(x.OK, "yes", "no"), styleIf(!x.OK, red)}, when(x.Started), text(x.Error)})
	}
	o.table([]string{"NODE", "RESTARTED", "RUNS SINCE", "WHY NOT"}, rows)
}

// follow tells how far a restart is until it is over. A look that fails is no end:
// the node that is asked may be the one that restarts.
func (r *restarter) follow(ctx context.Context, now client.RollingRestart) (client.RollingRestart, error) {
	id, heard := now.ID, time.Now()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !now.Over() {
		select {
		case <-ctx.Done():
			return now, failf(exitFailed, "the restart goes on in the cluster").trying("signalbox restart --status, or --abort to end it")
		case <-tick.C:
		}
		var next client.RollingRestart
		err := r.call(func(c *client.Client) (err error) {
			next, err = c.Restart(ctx)
			return err
		})
		switch {
		case err != nil && time.Since(heard) > r.given.timeout+time.Minute:
			return now, fmt.Errorf("nobody told how far the restart is since %s: %w", heard.Format(time.TimeOnly), err)
		case err != nil:
			continue
		case next.ID != id:
			return now, failf(exitFailed, "another restart was begun since").trying("signalbox restart --status")
		}
		now, heard = next, time.Now()
		r.tell(now)
	}
	return now, nil
}

// tell says what is new of each node.
func (r *restarter) tell(now client.RollingRestart) {
	if r.told == nil {
		r.told = map[string]string{}
	}
	for _, s := range now.Nodes {
		line := ""
		switch s.State {
		case client.StepDraining:
			line = "draining, " + plural(s.InFlight, "request") + " in flight"
		case client.StepRestarting:
			line = "restarting"
		case client.StepReturning:
			line = "back, gets level and ready"
		case client.StepDone:
			line = "is back"
			if s.Begun != nil && s.Ended != nil {
				line += " after " + s.Ended.Sub(*s.Begun).Round(10*time.Millisecond).String()
			}
		case client.StepFailed:
			line = "failed: " + s.Error
		}
		if line != "" && r.told[s.ID] != line {
			r.told[s.ID] = line
			r.a.note("%s: %s", clean(s.Name), clean(line))
		}
	}
}

// status shows the last restart.
func (r *restarter) status(ctx context.Context) error {
	var now client.RollingRestart
	err := r.call(func(c *client.Client) (err error) {
		now, err = c.Restart(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return r.a.show(now, func(o *screen) { rollingTable(o, now) })
}

func rollingTable(o *screen, now client.RollingRestart) {
	if now.State == client.RestartNone {
		o.line("There was no rolling restart yet.")
		return
	}
	var rows [][]cell
	for _, s := range now.Nodes {
		rows = append(rows, []cell{
			text(s.Name), {s.State, styleIf(s.State == client.StepFailed, red)}, when(s.Since), number(s.InFlight), text(s.Rotation), when(s.Started), text(s.Error),
		})
	}
	o.table([]string{"NODE", "STEP", "SINCE", "IN FLIGHT", "ROTATION", "RUNS SINCE", "WHY NOT"}, rows)
	o.line("")
	line := "The restart of " + localTime(now.Begun) + " by " + now.By + " is " + now.State
	if now.AbortedBy != "" {
		line += " by " + now.AbortedBy
	}
	if now.Error != "" {
		line += ": " + now.Error
	}
	if !now.Over() {
		line += "; " + now.Driver + " drives it"
	}
	o.line("%s.", clean(strings.TrimSuffix(line, ".")))
}

// abort ends the restart that is under way and returns when it has ended.
func (r *restarter) abort(ctx context.Context) error {
	var now client.RollingRestart
	err := r.call(func(c *client.Client) (err error) {
		now, err = c.AbortRestart(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if now, err = r.follow(ctx, now); err != nil {
		return err
	}
	return r.a.show(now, func(o *screen) { rollingTable(o, now) })
}

// awaitLevel waits until every node is up and at the newest revision.
func (r *restarter) awaitLevel(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.given.timeout)
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
			return errors.Join(failf(exitFailed, "the nodes are restarted, but within %s not all of the cluster's are up and at the newest revision", r.given.timeout).
				trying("signalbox nodes"), err)
		case <-tick.C:
		}
	}
}
