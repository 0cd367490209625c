package sqldb

import (
	"context"
	"time"

	"signalbox.internal/odb"
)

// The longest name and holder of a lease, in characters.
const (
	maxLeaseName   = 100
	maxLeaseHolder = 200
)

// TakeLease takes a free or expired lease for ttl and starts a new term;
// Conflict, with the present lease, while somebody else holds it. A holder that
// takes again what it holds is somebody else: each attempt has its own holder.
func (db *DB) TakeLease(ctx context.Context, name, holder string, ttl time.Duration) (odb.Lease, error) {
	const op = "take lease"
	l := odb.Lease{Name: name, Holder: holder}
	if err := checkLease(op, l, ttl); err != nil {
		return odb.Lease{}, err
	}
	err := db.change(ctx, op, name, func(t *tx) error {
		if err := t.hold(holdLease, name); err != nil {
			return err
		}
		n, err := t.run(takeLease, holder, ttl.Microseconds(), name)
		if err != nil {
			return err
		}
		if n == 0 {
			if n, err = t.takeNew(holder, ttl, name); err != nil {
				return err
			}
		}
		if l, _, err = t.lease(name); err != nil || n == 1 {
			return err
		}
		return odb.Errorf(odb.Conflict, op, name, "%s holds it for another %s", l.Holder, l.Left.Round(time.Millisecond))
	})
	return l, err
}

// takeNew takes a lease that nobody has ever taken. When two try, the seed of
// one fails and its transaction runs again.
func (t *tx) takeNew(holder string, ttl time.Duration, name string) (int64, error) {
	if _, known, err := t.lease(name); err != nil || known {
		return 0, err
	}
	if _, err := t.run(seedLease, name); err != nil {
		return 0, err
	}
	return t.run(takeLease, holder, ttl.Microseconds(), name)
}

func checkLease(op string, l odb.Lease, ttl time.Duration) error {
	var faults odb.Faults
	if l.Name == "" || textFault(l.Name, maxLeaseName) != "" {
		faults.Add("/name", "is %q; a text of at most %d characters is needed", l.Name, maxLeaseName)
	}
	if l.Holder == "" || textFault(l.Holder, maxLeaseHolder) != "" {
		faults.Add("/holder", "is %q; a text of at most %d characters is needed", l.Holder, maxLeaseHolder)
	}
	if ttl < time.Millisecond {
		faults.Add("/ttl", "is %s; at least 1ms is needed", ttl)
	}
	return faults.Err(op, l.Name)
}

// lease reads a lease as it is now and reports whether anybody ever took it.
func (t *tx) lease(name string) (l odb.Lease, known bool, err error) {
	var expires, now int64
	known, err = t.has(readLease, []any{name}, &l.Holder, &l.Term, &expires, &now)
	if err != nil || !known {
		return odb.Lease{}, false, err
	}
	l.Name, l.Expires, l.Left = name, instant(expires), time.Duration(max(0, expires-now))*time.Microsecond
	return l, true, nil
}

// RenewLease extends a lease that is still held; Conflict when it is lost, with
// the lease as it is now.
func (db *DB) RenewLease(ctx context.Context, l odb.Lease, ttl time.Duration) (odb.Lease, error) {
	const op = "renew lease"
	if err := checkLease(op, l, ttl); err != nil {
		return odb.Lease{}, err
	}
	var now odb.Lease
	err := db.change(ctx, op, l.Name, func(t *tx) error {
		if err := t.hold(holdLease, l.Name); err != nil {
			return err
		}
		n, err := t.run(renewLease, ttl.Microseconds(), l.Name, l.Holder, l.Term)
		if err != nil {
			return err
		}
		if now, _, err = t.lease(l.Name); err != nil || n == 1 {
			return err
		}
		return odb.Errorf(odb.Conflict, op, l.Name, "the lease of term %d is lost", l.Term)
	})
	return now, err
}

// ReleaseLease gives a lease up at once; releasing a lost one does nothing.
func (db *DB) ReleaseLease(ctx context.Context, l odb.Lease) error {
	return db.change(ctx, "release lease", l.Name, func(t *tx) error {
		_, err := t.run(releaseLease, l.Name, l.Holder, l.Term)
		return err
	})
}
