package node

import (
	"context"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// roller carries rolling restarts on: on every node, and of all of them the one that
// holds the lease drives. It may restart itself in the middle; another, or its next
// life, goes on.
type roller struct {
	n    *Node
	kick chan struct{}
}

// Run looks for something to carry on until ctx ends.
func (r *roller) Run(ctx context.Context) error {
	tick := time.NewTicker(rollingIdle)
	defer tick.Stop()
	for {
		if r.n.begun() && !r.n.stopping.Load() {
			if err := r.carryOn(ctx); err != nil && ctx.Err() == nil && odb.KindOf(err) != odb.Conflict {
				r.n.log.DebugContext(ctx, "rolling restart cannot be carried on now", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.kick:
		}
	}
}

// look has Run look now.
func (r *roller) look() {
	select {
	case r.kick <- struct{}{}:
	default: // it is about to
	}
}

// carryOn drives a restart that is not over, when nobody else does.
func (r *roller) carryOn(ctx context.Context) error {
	now, _, err := loadRolling(ctx, r.n.store)
	if err != nil || now.Over() {
		return err
	}
	lease, err := r.n.store.TakeLease(ctx, rollingLease, r.holder(), rollingTTL)
	if err != nil {
		return err
	}
	d := &rollingDriver{n: r.n, lease: lease}
	defer d.release(ctx)
	var at time.Time
	if d.now, at, err = loadRolling(ctx, r.n.store); err != nil || d.now.Over() {
		return err
	}
	if asOf := lease.Expires.Add(-lease.Left); asOf.Sub(at) > rollingForgotten { // both by the database's clock
		return d.forget(ctx, at)
	}
	d.now.Driver = r.n.cfg.Name
	if err := d.save(ctx); err != nil {
		return err
	}
	return d.drive(ctx)
}

func (r *roller) holder() string { return r.n.cfg.Name + " " + odb.NewID() }

// rollingDriver drives a restart while it holds the lease.
type rollingDriver struct {
	n       *Node
	lease   odb.Lease
	renewed time.Time
	saved   time.Time
	now     client.RollingRestart
	told    time.Time // when the node at work was told to restart
	leave   bool      // this node is told to restart: somebody else goes on
}

// drive takes step after step until the restart is over, the lease is lost, or
// this node ends. While the ODB is away nothing happens.
func (d *rollingDriver) drive(ctx context.Context) error {
	tick := time.NewTicker(rollingLook)
	defer tick.Stop()
	for !d.now.Over() && !d.leave {
		if d.n.stopping.Load() {
			return nil
		}
		err := d.hold(ctx, rollingTTL/3)
		if err == nil {
			err = d.step(ctx)
		}
		if err != nil && odb.KindOf(err) != odb.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// hold makes sure that the lease is this driver's: renewed within age, or now.
func (d *rollingDriver) hold(ctx context.Context, age time.Duration) error {
	if time.Since(d.renewed) < age {
		return nil
	}
	lease, err := d.n.store.RenewLease(ctx, d.lease, rollingTTL)
	if err == nil {
		d.lease, d.renewed = lease, time.Now()
	}
	return err
}

// release lets somebody else go on at once.
func (d *rollingDriver) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askPeers)
	defer cancel()
	if err := d.n.store.ReleaseLease(ctx, d.lease); err != nil {
		d.n.log.DebugContext(ctx, "lease of the rolling restart runs out by itself", "error", err)
	}
	if d.leave {
		if err := d.n.Restart(); err != nil {
			d.n.log.WarnContext(ctx, "node cannot restart", "error", err)
		}
	}
}

// save writes how far the restart is, if the lease is still this driver's.
func (d *rollingDriver) save(ctx context.Context) error {
	err := d.hold(ctx, 0)
	if err == nil {
		err = saveRolling(ctx, d.n.store, d.now)
	}
	if err == nil {
		d.saved = time.Now()
	}
	return err
}

// forget ends a restart that nobody carried on for long.
func (d *rollingDriver) forget(ctx context.Context, at time.Time) error {
	why := "nobody carried it on since " + at.UTC().Format(time.RFC3339) + "; the nodes were left as they are"
	now := time.Now().UTC()
	for i := range d.now.Nodes {
		if s := &d.now.Nodes[i]; s.Begun != nil && s.Ended == nil {
			enter(s, client.StepFailed)
			s.Error, s.Ended = why, &now
			if s.Drained {
				s.Error += "; it may still be drained"
			}
		}
	}
	return d.finish(ctx, client.RestartFailed, why)
}
