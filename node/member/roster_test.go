package member_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/member"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// nodeID makes an id that looks like one from a key.
func nodeID(n int) string { return fmt.Sprintf("%026d", n) }

// store is an ODB that may be away and counts how often its list is read.
type store struct {
	odb.Members
	away  atomic.Bool
	reads atomic.Int64
}

var errAway = odb.Errorf(odb.Unavailable, "list nodes", "", "the ODB is away")

func (s *store) ListMembers(ctx context.Context) ([]odb.Member, error) {
	s.reads.Add(1)
	if s.away.Load() {
		return nil, errAway
	}
	return s.Members.ListMembers(ctx)
}

func newStore(t *testing.T, ids ...int) *store {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "odb.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, id := range ids {
		m := odb.Member{ID: nodeID(id), Name: fmt.Sprintf("node-%d", id), By: "test", MemberReport: odb.MemberReport{Control: "127.0.0.1:9", Gossip: "127.0.0.1:9"}}
		if err := errors.Join(db.EnrolMember(t.Context(), m), db.ReportMember(t.Context(), m.ID, m.MemberReport)); err != nil {
			t.Fatal(err)
		}
	}
	return &store{Members: db}
}

// rig is a roster under test.
type rig struct {
	*member.Roster
	stop  context.CancelFunc
	ended chan error
	mu    sync.Mutex
	said  []string
}

// run starts the roster of node 1.
func run(t *testing.T, s *store, alter func(*member.Config)) *rig {
	t.Helper()
	dir := t.TempDir()
	keys, err := cluster.OpenGossipKeys(filepath.Join(dir, cluster.GossipKeysFile))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{ended: make(chan error, 1)}
	cfg := member.Config{
		ID: nodeID(1), Name: "node-1", Cluster: "test", Store: s, Keys: keys, Listener: l, Profile: cluster.Bench,
		Report: func() odb.MemberReport { return odb.MemberReport{Control: "127.0.0.1:1"} },
		Meta:   func() cluster.Meta { return cluster.Meta{Name: "node-1", Control: "127.0.0.1:1"} },
		Cache:  filepath.Join(dir, "members.json"),
		OnChange: func(node, what string) {
			r.mu.Lock()
			r.said = append(r.said, node+" "+what)
			r.mu.Unlock()
		},
	}
	if alter != nil {
		alter(&cfg)
	}
	if r.Roster, err = member.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	go func() { r.ended <- r.Run(ctx) }()
	t.Cleanup(func() { _ = r.end() })
	return r
}

func (r *rig) end() error {
	r.stop()
	err := <-r.ended
	r.ended <- err
	return err
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

// What a node answers when it is asked itself decides how it is, when gossip does
// not hear it.
func TestSecondOpinion(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer error
		want   member.State
		why    string
	}{
		nodeID(2): {nil, cluster.Up, "it answers, but gossip does not reach it: is the gossip port open?"},
		nodeID(3): {fmt.Errorf("dial: %w", syscall.ECONNREFUSED), cluster.Down, "nothing listens at its address"},
		nodeID(4): {context.DeadlineExceeded, cluster.Unknown, "neither gossip nor a direct question reaches it: context deadline exceeded"},
		nodeID(5): {errors.New("it is another"), cluster.Unknown, "neither gossip nor a direct question reaches it: it is another"},
	}
	var asked atomic.Int64
	r := run(t, newStore(t, 1, 2, 3, 4, 5), func(cfg *member.Config) {
		cfg.Probe = func(_ context.Context, v member.View) error {
			asked.Add(1)
			return cases[v.ID].answer
		}
	})
	since := map[string]time.Time{}
	for id, c := range cases {
		eventually(t, id+" is "+string(c.want), func() bool {
			v, ok := r.View(id)
			since[id] = v.Since
			return ok && v.State == c.want && v.Why == c.why
		})
	}
	if self, ok := r.Self(); !ok || self.State != cluster.Up || !self.Local {
		t.Errorf("this node is %+v", self)
	}
	eventually(t, "they are asked again", func() bool { return asked.Load() > 2*int64(len(cases)) })
	for id := range cases {
		if v, _ := r.View(id); !v.Since.Equal(since[id]) {
			t.Errorf("the same answer again moved since of %s from %v to %v", id, since[id], v.Since)
		}
	}
}

// A node that is removed ends, whether it runs or starts.
func TestRemovedNodeEnds(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1, 2)
	r := run(t, s, nil)
	if !r.IsMember(nodeID(1)) {
		t.Fatal("it is no member")
	}
	if err := s.RemoveMember(t.Context(), nodeID(1)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		r.ended <- err
		if !errors.Is(err, member.ErrRemoved) {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	again := run(t, s, nil)
	if err := <-again.ended; !errors.Is(err, member.ErrRemoved) {
		t.Errorf("the second start ended with %v", err)
	} else {
		again.ended <- err
	}
}

// The list on disk does for a start while the ODB is away, removals included.
func TestStartFromCache(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1, 2, 3)
	if err := s.RemoveMember(t.Context(), nodeID(3)); err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(t.TempDir(), "members.json")
	withCache := func(cfg *member.Config) { cfg.Cache = cache }
	r := run(t, s, withCache)
	if !r.IsMember(nodeID(2)) || r.IsMember(nodeID(3)) {
		t.Fatal("the list is not that of the ODB")
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	s.away.Store(true)
	r = run(t, s, withCache)
	if !r.IsMember(nodeID(2)) || r.IsMember(nodeID(3)) || r.IsMember(nodeID(4)) {
		t.Error("the list is not that of the last run")
	}
	if v, ok := r.View("node-2"); !ok || v.Control != "127.0.0.1:9" || v.State != cluster.Unknown {
		t.Errorf("node 2 is seen as %+v", v)
	}
	s.away.Store(false)
	if err := s.EnrolMember(t.Context(), odb.Member{ID: nodeID(4), Name: "node-4", By: "test"}); err != nil {
		t.Fatal(err)
	}
	if !r.IsMember(nodeID(4)) {
		t.Error("the list is not read again when the ODB is back")
	}
}

// A node that joined a moment ago is known as soon as it shows itself, and many
// strangers at a time do not make the ODB be asked as often.
func TestStrangersAreLookedUp(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1)
	r := run(t, s, nil)
	eventually(t, "the list is read", func() bool { _, ok := r.Self(); return ok })
	for id := 2; id < 5; id++ { // one right after the other: the list was read just before
		if err := s.EnrolMember(t.Context(), odb.Member{ID: nodeID(id), Name: fmt.Sprintf("node-%d", id), By: "test"}); err != nil {
			t.Fatal(err)
		}
		if !r.IsMember(nodeID(id)) {
			t.Errorf("node %d joined and is not known", id)
		}
	}
	before := s.reads.Load()
	var g sync.WaitGroup
	for i := range 300 {
		g.Go(func() {
			if r.IsMember(nodeID(100 + i)) {
				t.Errorf("stranger %d is a member", i)
			}
		})
	}
	g.Wait()
	if n := s.reads.Load() - before; n > 5 {
		t.Errorf("the list was read %d times for 300 strangers at once", n)
	}
}

// Changes of the list are told of.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1, 2)
	r := run(t, s, nil)
	eventually(t, "the list is read", func() bool { _, ok := r.Self(); return ok })
	err := errors.Join(
		s.EnrolMember(t.Context(), odb.Member{ID: nodeID(3), Name: "node-3", By: "test"}), r.Refresh(t.Context()),
		s.SetRotation(t.Context(), nodeID(2), odb.Draining), r.Refresh(t.Context()),
		s.RemoveMember(t.Context(), nodeID(3)), r.Refresh(t.Context()),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	want := map[string]bool{"node-3 joined the cluster": true, "node-2 is given draining": true, "node-3 was removed from the cluster": true}
	for _, s := range r.said {
		delete(want, s)
	}
	if len(want) > 0 {
		t.Errorf("never told: %v; told %q", want, r.said)
	}
}
