package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// database is an ODB that is measured, with the same database for whoever needs no ODB.
type database struct {
	title string
	store *sqldb.DB
	bare  *bareTx
	pid   int // of the server; 0 for SQLite

	version int64 // of the definition that update changes, after its creation
}

func (d *database) close() { _ = errors.Join(d.store.Close(), d.bare.db.Close()) }

// odb measures the configuration database on SQLite and, unless it must be
// short, on a private PostgreSQL and a private MariaDB.
func (b *bench) odb(ctx context.Context) error {
	file := filepath.Join(b.dir, "odb.sqlite")
	pragmas := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)"},
	}
	d, err := openDatabase(ctx, "sqlite:"+file, "sqlite3", "file:"+file+"?"+pragmas.Encode())
	if err != nil {
		return err
	}
	d.title = "SQLite"
	err = errors.Join(b.changes(ctx, d), b.snapshot(ctx, d))
	if d.close(); err != nil || b.short { //nolint:contextcheck // nothing to wait for
		return err
	}
	return testservers.Outside(ctx, func(t testing.TB) error {
		return errors.Join(
			b.server(ctx, "PostgreSQL", "postgres", "pgx", testservers.Postgres(t)), //nolint:contextcheck // it is t's
			b.server(ctx, "MariaDB", "mysql", "mysql", testservers.MariaDB(t)))      //nolint:contextcheck // it is t's
	})
}

func (b *bench) server(ctx context.Context, title, scheme, driver string, s *testservers.Server) error {
	u := url.URL{Scheme: scheme, User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: "/" + s.Database}
	d, err := openDatabase(ctx, u.String(), driver, s.DSN())
	if err != nil {
		return err
	}
	defer d.close() //nolint:contextcheck // nothing to wait for
	d.title, d.pid = title, s.PID()
	if err := b.changes(ctx, d); err != nil || scheme != "postgres" {
		return err
	}
	return b.poll(ctx, d)
}

func openDatabase(ctx context.Context, dsn, driver, driverDSN string) (*database, error) {
	store, err := sqldb.Open(ctx, sqldb.Config{DSN: dsn, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	bare, err := openBare(ctx, driver, driverDSN)
	if err != nil {
		return nil, errors.Join(err, store.Close()) //nolint:contextcheck // nothing to wait for
	}
	return &database{store: store, bare: bare}, nil
}

// benchSpec is a channel at a path, to a service.
const benchSpec = `{"method":"POST","path":"/orders/%v/{id}","service":"%s","rate_limit":{"requests":100,"by":"ip"},"description":"takes orders, %d"}`

// definitions is a change set that creates n services and a channel of each.
func definitions(prefix string, n int) odb.ChangeSet {
	set := odb.ChangeSet{Actor: odb.Actor{Name: "bench", Source: "cli"}, Reason: "to measure"}
	for i := range n {
		service := fmt.Sprintf("%s%d", prefix, i)
		set.Changes = append(set.Changes,
			odb.Change{Op: odb.Create, Kind: "service", Name: service, Spec: []byte(`{"engine":"go"}`)},
			odb.Change{Op: odb.Create, Kind: "channel", Name: service, Spec: fmt.Appendf(nil, benchSpec, service, service, i)})
	}
	return set
}

// changes measures an update and a create beside the bare transaction, and many
// definitions in one change set.
func (b *bench) changes(ctx context.Context, d *database) error {
	if _, err := d.store.Apply(ctx, definitions("s", 1)); err != nil {
		return err
	}
	count, rounds := 1000, 1000
	if b.short {
		count, rounds = 100, 50
	}
	var update, create, whole, bare []float64
	for n := range rounds { // in turns, so that all meet the same moments of the machine
		for _, x := range []struct {
			times *[]float64
			work  func(ctx context.Context, n int) error
		}{{&bare, d.bare.run}, {&update, d.update}, {&create, d.create}, {&whole, d.createWhole}} {
			began := time.Now()
			if err := x.work(ctx, n); err != nil {
				return fmt.Errorf("%s: %w", d.title, err)
			}
			*x.times = append(*x.times, float64(time.Since(began).Nanoseconds())/1000)
		}
	}
	least := median(bare)
	for _, x := range []struct {
		what string
		p50  float64
		most float64
	}{
		{"update one that refers to another", median(update), 2.5},
		{"create one", median(create), 2.5},
		{"create one that refers and claims, five rows", median(whole), 0},
	} {
		want := told
		if x.most > 0 {
			want = fmt.Sprintf("at most %.1f times", x.most)
		}
		b.add(fmt.Sprintf("%s: %s, p50, against a bare transaction", d.title, x.what), x.most == 0 || x.p50 <= x.most*least,
			want, "%.2f times (%.0f µs against %.0f µs)", x.p50/least, x.p50, least)
	}
	began := time.Now()
	if _, err := d.store.Apply(ctx, definitions("many", count/2)); err != nil {
		return err
	}
	took := time.Since(began)
	b.add(fmt.Sprintf("%s: %d definitions in one change set", d.title, count), took < 3*time.Second, "under 3 s", "%.2f s", took.Seconds())
	return nil
}

// update changes a definition that refers to another.
func (d *database) update(ctx context.Context, n int) error {
	d.version++
	return d.apply(ctx, odb.Change{
		Op: odb.Update, Kind: "channel", Name: "s0", Base: d.version, Spec: fmt.Appendf(nil, benchSpec, "s0", "s0", n),
	})
}

// create adds a definition.
func (d *database) create(ctx context.Context, n int) error {
	return d.apply(ctx, odb.Change{Op: odb.Create, Kind: "service", Name: fmt.Sprint("c", n), Spec: []byte(`{"engine":"go"}`)})
}

// createWhole adds a definition that refers to another and claims a path.
func (d *database) createWhole(ctx context.Context, n int) error {
	return d.apply(ctx, odb.Change{
		Op: odb.Create, Kind: "channel", Name: fmt.Sprint("c", n), Spec: fmt.Appendf(nil, benchSpec, fmt.Sprint("c", n), "s0", n),
	})
}

func (d *database) apply(ctx context.Context, c odb.Change) error {
	set := definitions("", 0)
	set.Changes = []odb.Change{c}
	_, err := d.store.Apply(ctx, set)
	return err
}

// snapshot measures loading 5,000 definitions, decoded.
func (b *bench) snapshot(ctx context.Context, d *database) error {
	snap, err := d.store.Load(ctx)
	if err != nil {
		return err
	}
	const count = 5000
	if _, err := d.store.Apply(ctx, definitions("load", (count-snap.Len())/2)); err != nil {
		return err
	}
	var times []float64
	for range 11 {
		began := time.Now()
		if snap, err = d.store.Load(ctx); err != nil {
			return err
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
	}
	ms := median(times)
	b.add(fmt.Sprintf("%s: load %d definitions", d.title, snap.Len()), ms < 100, "under 100 ms", "%.0f ms", ms)
	return nil
}

// poll measures what the server and the pollers use of the processors for 100
// nodes that ask for the revision once a second each: what the polls are, made one
// after the other; and what they come to at their own pace, which is mostly what
// the machine needs to wake a process up.
func (b *bench) poll(ctx context.Context, d *database) error {
	const nodes = 100
	polls := 20_000
	server, client, err := d.cost(func() error {
		for range polls {
			if _, err := d.store.Revision(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	share := func(t time.Duration, polls int) float64 { return 100 * nodes * t.Seconds() / float64(polls) }
	s, c := share(server, polls), share(client, polls)
	b.add(d.title+": polls of 100 nodes, once a second each", s+c < 1, "under 1 % of a core", "%.2f %% (server %.2f %%, nodes %.2f %%)", s+c, s, c)

	polls = 1000
	asleep, wake, err := d.cost(func() error { return paced(ctx, polls, time.Second/nodes, func() error { return nil }) })
	if err != nil {
		return err
	}
	server, client, err = d.cost(func() error {
		return paced(ctx, polls, time.Second/nodes, func() error { _, err := d.store.Revision(ctx); return err })
	})
	if err != nil {
		return err
	}
	b.add(d.title+": the same, each from idle", true, told, "server %.2f %%, nodes %.2f %% (without a poll %.2f %% and %.2f %%)",
		share(server, polls), share(client, polls), share(asleep, polls), share(wake, polls))
	return nil
}

// cost returns what work uses of the processors in the server and in this process.
func (d *database) cost(work func() error) (server, client time.Duration, err error) {
	before, err := usedTime(d.pid)
	if err != nil {
		return 0, 0, err
	}
	if err := work(); err != nil {
		return 0, 0, err
	}
	after, err := usedTime(d.pid)
	return after[0] - before[0], after[1] - before[1], err
}

// paced calls work n times, at an even pace.
func paced(ctx context.Context, n int, pace time.Duration, work func() error) error {
	t := time.NewTicker(pace)
	defer t.Stop()
	for range n {
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := work(); err != nil {
			return err
		}
	}
	return nil
}
