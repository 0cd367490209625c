package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/peer"
	"signalbox.internal/odb"
)

// tellAgain is how often a node that goes on with its old process is told to
// restart: the word before may have been lost.
const tellAgain = 5 * time.Second

// step looks at the node at work and does the next thing for it. Each thing looks
// at how the node is, so a driver that takes over may do it again.
func (d *rollingDriver) step(ctx context.Context) error {
	by, err := rollingEndOf(ctx, d.n.store, d.now.ID)
	if err != nil {
		return err
	}
	if by != "" && d.now.State == client.RestartRunning {
		d.now.State, d.now.AbortedBy = client.RestartAborting, by
		if err := d.save(ctx); err != nil {
			return err
		}
	}
	s := d.at()
	if s == nil {
		return d.finish(ctx, client.RestartDone, "")
	}
	look, err := d.look(ctx, s.ID)
	if err != nil {
		return d.fail(ctx, s, err.Error())
	}
	switch s.State {
	case client.StepWaiting:
		return d.begin(ctx, s, look)
	case client.StepDraining:
		return d.drain(ctx, s, look)
	case client.StepRestarting:
		return d.restart(ctx, s, look)
	default:
		return d.back(ctx, s, look)
	}
}

// at is the node at work, or the next one; nil when all have had their turn.
func (d *rollingDriver) at() *client.RestartStep {
	for i := range d.now.Nodes {
		if s := &d.now.Nodes[i]; s.Ended == nil {
			return s
		}
	}
	return nil
}

// look asks a node how it is. An error means that it is no member any more.
func (d *rollingDriver) look(ctx context.Context, id string) (client.Node, error) {
	v, ok := d.n.roster.View(id)
	if !ok {
		return client.Node{}, errors.New("it is no member of the cluster any more")
	}
	s := said[hello]{View: v}
	switch {
	case v.Local:
		s.Answer = d.n.hello()
	case v.State == cluster.Down:
		s.Err = errors.New("the node is down")
	default:
		ctx, cancel := context.WithTimeout(ctx, askPeers)
		defer cancel()
		s.Err = d.n.peers.Call(ctx, targetOf(v), "/hello", nil, &s.Answer)
	}
	return clusterView{d.n}.node(s), nil
}

// begin gives a node its turn.
func (d *rollingDriver) begin(ctx context.Context, s *client.RestartStep, look client.Node) error {
	switch {
	case d.now.State == client.RestartAborting:
		return d.finish(ctx, client.RestartAborted, "")
	case look.Started.IsZero():
		return d.fail(ctx, s, "it does not answer: "+cmp.Or(look.Why, look.State))
	}
	now := time.Now().UTC()
	s.Begun, s.Rotation, s.Before, s.Started, s.InFlight = &now, look.Rotation, look.Started, look.Started, look.InFlight
	enter(s, client.StepDraining)
	return d.save(ctx) // what it gets back is written before it is taken
}

// drain takes a node out of rotation and waits for its requests.
func (d *rollingDriver) drain(ctx context.Context, s *client.RestartStep, look client.Node) error {
	answers := !look.Started.IsZero()
	switch {
	case d.now.State == client.RestartAborting:
		// A driver that died may have drained it and not written so.
		s.Drained = s.Drained || s.Rotation == string(odb.Online) && look.Rotation == string(odb.Draining)
		return d.stop(ctx, s, client.StepLeft, client.RestartAborted, "it was put back before it was restarted")
	case s.Rotation == string(odb.Online) && !s.Drained:
		if look.Rotation == string(odb.Online) {
			if err := d.rotate(ctx, s, odb.Draining); err != nil {
				return err
			}
		}
		s.Drained = true
		return d.save(ctx)
	case s.Drained && look.Rotation == string(odb.Online):
		return d.overruled(ctx, s)
	case answers && !look.Ready && look.InFlight == 0:
		s.Before, s.Revision = look.Started, look.Revision
		enter(s, client.StepRestarting)
		d.told = time.Time{}
		return d.changed(ctx, s, look)
	case !d.late(s):
		return d.changed(ctx, s, look)
	case !answers:
		return d.stop(ctx, s, client.StepFailed, client.RestartFailed, "it does not answer, so nobody knows what it does: "+cmp.Or(look.Why, look.State))
	}
	return d.stop(ctx, s, client.StepFailed, client.RestartFailed, fmt.Sprintf("it still had %d requests in flight after %s; it was not restarted", look.InFlight, d.wait()))
}

// overruled ends the restart when somebody really put the node online that is drained
// for it: this node may only have an old list.
func (d *rollingDriver) overruled(ctx context.Context, s *client.RestartStep) error {
	if err := d.n.roster.Refresh(ctx); err != nil {
		return err
	}
	if v, ok := d.n.roster.View(s.ID); ok && v.Rotation != odb.Online {
		return nil
	}
	return d.fail(ctx, s, "somebody put it online while it was drained; it was not restarted")
}

// restart tells a node to restart until another process answers.
func (d *rollingDriver) restart(ctx context.Context, s *client.RestartStep, look client.Node) error {
	gone, old := look.Started.IsZero(), look.Started.Equal(s.Before)
	switch {
	case !gone && !old:
		enter(s, client.StepReturning)
		return d.changed(ctx, s, look)
	case d.late(s) && gone:
		return d.fail(ctx, s, fmt.Sprintf("it did not come back within %s (%s); it stays %s", d.wait(), cmp.Or(look.Why, look.State), stays(s)))
	case d.late(s):
		return d.fail(ctx, s, fmt.Sprintf("it did not end within %s; it stays %s", d.wait(), stays(s)))
	case gone || time.Since(d.told) < tellAgain:
		return d.changed(ctx, s, look)
	}
	if err := d.hold(ctx, 0); err != nil {
		return err
	}
	d.told = time.Now()
	if look.Local {
		d.leave = true // once the lease is free
		return nil
	}
	v, _ := d.n.roster.View(s.ID)
	err := d.n.peers.Call(ctx, targetOf(v), "/restart", restartWord{Started: s.Before}, nil)
	if refusal, ok := errors.AsType[*peer.Refusal](err); ok {
		return d.stop(ctx, s, client.StepFailed, client.RestartFailed, refusal.Reason)
	}
	return d.changed(ctx, s, look) // it is asked again, or has gone
}

// back waits until a new process is level, then gives it its rotation.
func (d *rollingDriver) back(ctx context.Context, s *client.RestartStep, look client.Node) error {
	level := !look.Started.IsZero() && look.Revision >= s.Revision
	switch {
	case level && !s.Drained, level && look.Rotation != string(odb.Draining) && (look.Ready || look.Rotation == string(odb.Maintenance)):
		enter(s, client.StepDone)
		s.Started, s.InFlight = look.Started, look.InFlight
		ended := s.Since
		s.Ended = &ended
		return d.save(ctx)
	case level && look.Rotation == string(odb.Draining):
		return errors.Join(d.rotate(ctx, s, odb.Online), d.changed(ctx, s, look))
	case !d.late(s):
		return d.changed(ctx, s, look)
	case !level:
		return d.fail(ctx, s, fmt.Sprintf("it is back, but not at revision %d within %s; it stays %s", s.Revision, d.wait(), stays(s)))
	}
	return d.fail(ctx, s, fmt.Sprintf("it is back and level, but takes no requests after %s: %s", d.wait(), cmp.Or(look.Why, "it does not say why; look in its log")))
}

// stays names the rotation in which a node is left.
func stays(s *client.RestartStep) string {
	if s.Drained {
		return "drained"
	}
	return s.Rotation
}

func (d *rollingDriver) wait() time.Duration {
	return time.Duration(d.now.TimeoutSeconds) * time.Second
}

// late reports whether the node at work has had its time for its step.
func (d *rollingDriver) late(s *client.RestartStep) bool {
	return time.Since(s.Since) > d.wait()
}

// enter has a node begin another step.
func enter(s *client.RestartStep, state string) { s.State, s.Since = state, time.Now().UTC() }

// changed notes how a node is and saves it when that is news, and now and then though
// it is none: a long wait must not look forgotten to who takes over.
func (d *rollingDriver) changed(ctx context.Context, s *client.RestartStep, look client.Node) error {
	news := time.Since(d.saved) > rollingForgotten/5 || time.Since(s.Since) < 2*rollingLook || s.InFlight != look.InFlight || !look.Started.IsZero() && !s.Started.Equal(look.Started)
	s.InFlight = look.InFlight
	if !look.Started.IsZero() {
		s.Started = look.Started
	}
	if !news {
		return nil
	}
	return d.save(ctx)
}

// rotate gives a node another rotation and has all nodes hear of it.
func (d *rollingDriver) rotate(ctx context.Context, s *client.RestartStep, to odb.Rotation) error {
	if err := d.hold(ctx, 0); err != nil {
		return err
	}
	if err := d.n.store.SetRotation(ctx, s.ID, to); err != nil {
		return err
	}
	d.n.refreshAll(ctx)
	return nil
}

// stop ends the restart before the node at work was restarted: it gets its
// rotation back.
func (d *rollingDriver) stop(ctx context.Context, s *client.RestartStep, step, state, why string) error {
	if s.Drained {
		if err := d.rotate(ctx, s, odb.Online); err != nil {
			return err
		}
		s.Drained = false
	}
	now := time.Now().UTC()
	enter(s, step)
	s.Error, s.Ended = why, &now
	if state == client.RestartFailed {
		return d.finish(ctx, state, s.Name+": "+why)
	}
	return d.finish(ctx, state, "")
}

// fail ends the restart at a node that is left as it is.
func (d *rollingDriver) fail(ctx context.Context, s *client.RestartStep, why string) error {
	now := time.Now().UTC()
	enter(s, client.StepFailed)
	s.Error, s.Ended = why, &now
	return d.finish(ctx, client.RestartFailed, s.Name+": "+why)
}

// finish ends the restart; who has not had a turn is left alone.
func (d *rollingDriver) finish(ctx context.Context, state, why string) error {
	now := time.Now().UTC()
	for i := range d.now.Nodes {
		if s := &d.now.Nodes[i]; s.Ended == nil {
			enter(s, client.StepLeft)
			s.Ended, s.Error = &now, "it was left alone"
		}
	}
	d.now.State, d.now.Error, d.now.Ended = state, why, &now
	if err := d.save(ctx); err != nil {
		return err
	}
	outcome := odb.AuditDone
	if state != client.RestartDone {
		outcome = odb.AuditFailed
	}
	d.n.acted("rollingRestart", outcome, "restart/"+d.now.ID, cmp.Or(why, state))
	d.n.log.InfoContext(ctx, "rolling restart ended", "state", state, "reason", why)
	d.n.events.Publish(client.Event{Type: admin.EventNode, Text: "rolling restart is " + state})
	return nil
}
