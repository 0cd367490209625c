package nodetest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
)

// healWithin is how long a cluster may take to be equal again.
const healWithin = 15 * time.Second

// Level waits until all boxes that are meant to run are one cluster again: each
// sees the same members and all of the running ones as up and ready, at the same
// revision, with the same packages, and serves the newest. It fails the test
// when that takes longer than promised, and returns how long it took.
func (f *Fleet) Level(after string) time.Duration {
	f.T.Helper()
	begun := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f.level()
		took := time.Since(begun)
		if err == nil {
			f.T.Logf("after %s: equal in %v", after, took.Round(10*time.Millisecond))
			return took
		}
		if took > healWithin {
			f.T.Errorf("after %s: not equal within %v: %v", after, healWithin, err)
			for _, b := range f.Boxes {
				if b.Process != nil {
					f.T.Logf("%s said at last:\n%s", b.Name, lastLines(b.Stderr(), 60))
				}
			}
			f.T.FailNow()
		}
		<-tick.C
	}
}

func lastLines(text string, n int) string {
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(l string) bool {
		return strings.Contains(l, "Stream connection") || strings.Contains(l, "level=DEBUG")
	})
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// sight is what a box says of the cluster.
type sight struct {
	topology client.Topology
	status   client.Status
	packages map[string]string // hash by service
	body     string
}

func (f *Fleet) level() error {
	sights := make([]sight, len(f.Boxes))
	errs := make([]error, len(f.Boxes))
	var g sync.WaitGroup
	for i, b := range f.Boxes {
		if b.Up() {
			g.Go(func() { sights[i], errs[i] = b.look() })
		}
	}
	g.Wait()
	var ref *sight
	for i, b := range f.Boxes {
		if !b.Up() {
			continue
		}
		s := &sights[i]
		if errs[i] != nil {
			return fmt.Errorf("%s: %w", b.Name, errs[i])
		}
		if err := f.checkSight(s); err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
		if ref == nil {
			ref = s
			continue
		}
		if s.status.Revision != ref.status.Revision {
			return fmt.Errorf("%s is at revision %d, another at %d", b.Name, s.status.Revision, ref.status.Revision)
		}
		if !maps.Equal(s.packages, ref.packages) {
			return fmt.Errorf("%s runs %v, another %v", b.Name, s.packages, ref.packages)
		}
		if a, b := ids(s.topology), ids(ref.topology); a != b {
			return fmt.Errorf("members are %s here and %s there", a, b)
		}
	}
	return nil
}

func ids(t client.Topology) string {
	var out []string
	for _, n := range t.Nodes {
		out = append(out, n.Name+"="+n.ID)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// look asks a box for all that it sees.
func (b *Box) look() (s sight, err error) {
	ctx, cancel := context.WithTimeout(b.fleet.T.Context(), 5*time.Second)
	defer cancel()
	if s.status, err = b.API.Status(ctx); err != nil {
		return s, err
	}
	if s.topology, err = b.API.Topology(ctx); err != nil {
		return s, err
	}
	services, err := b.API.Services(ctx)
	if err != nil {
		return s, err
	}
	s.packages = map[string]string{}
	for _, v := range services {
		s.packages[v.Name] = fmt.Sprintf("%s %t", v.Hash, v.Running)
	}
	if b.fleet.Code.Load() == 0 {
		return s, nil
	}
	a, err := TryDo(ctx, http.MethodPost, b.Traffic+"/hello", `{"name":"Ada"}`)
	s.body = a.Body
	return s, err
}

func (f *Fleet) checkSight(s *sight) error {
	if v := f.Code.Load(); v > 0 && s.body != helloBody(v) {
		return fmt.Errorf("it serves %s, want version %d", s.body, v)
	}
	if s.topology.Split {
		return fmt.Errorf("it says the cluster is split into %v", s.topology.Parts)
	}
	if s.status.ODB.State != "up" {
		return fmt.Errorf("its ODB is %+v", s.status.ODB)
	}
	seen := map[string]client.Node{}
	for _, n := range s.topology.Nodes {
		seen[n.Name] = n
	}
	for _, b := range f.Boxes {
		n, known := seen[b.Name]
		switch {
		case b.Up() && (!known || n.State != "up" || !n.Ready || n.Revision != s.status.Revision):
			return fmt.Errorf("revision is %d and it sees %+v", s.status.Revision, n)
		case !b.Up() && n.State == "up":
			return fmt.Errorf("it sees %s as up, which does not run", b.Name)
		}
	}
	return nil
}

func helloBody(v int64) string { return fmt.Sprintf(`{"text":"Hello, Ada from %d"}`, v) }
