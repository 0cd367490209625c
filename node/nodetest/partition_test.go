package nodetest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// apart is five nodes, each in a network namespace of its own, whose ODB is a
// PostgreSQL at an address of its own.
func apart(t *testing.T) (*drill, *nodetest.Net) {
	t.Helper()
	net := nodetest.NewNet(t, 5)
	s := testservers.Postgres(t)
	port := net.Forward(fmt.Sprintf("%s:%d", s.Host, s.Port))
	dsn := url.URL{Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", net.ODB(), port), Path: s.Database}
	return newDrill(t, nodetest.FleetConfig{Nodes: 5, Net: net, ODB: dsn.String()}), net
}

// parted is how long the network stays apart.
func parted() time.Duration {
	if long() {
		return time.Minute
	}
	return 10 * time.Second
}

// topology is the picture that a box draws.
func topology(t *testing.T, b *nodetest.Box) client.Topology {
	t.Helper()
	p, err := b.API.Topology(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The network is split with the ODB on either side; meanwhile the side that has
// it is changed, and the other one serves what it has.
func TestPartitions(t *testing.T) {
	t.Parallel()
	d, net := apart(t)
	split := func(side []int, keepODB bool) func(t *testing.T) {
		return func(t *testing.T) {
			net.Split(side, keepODB)
			begun := time.Now()
			with, without := d.Boxes[side[0]], d.others(d.Boxes[side[0]])[0]
			for _, b := range d.Boxes {
				if slices.Contains(side, b.Index) != keepODB {
					without = b
				} else {
					with = b
				}
			}
			reach(t, "the side with the ODB does not see the other", func() bool {
				return nodeNamed(t, with, without.Name).State == "unknown"
			})
			reach(t, "the side without the ODB does not see the other", func() bool {
				return nodeNamed(t, without, with.Name).State == "unknown"
			})
			t.Logf("both sides know after %v", time.Since(begun).Round(10*time.Millisecond))
			reach(t, "the picture shows the cut", func() bool { p := topology(t, with); return p.Split && slices.Contains(p.Missing, without.Name) })
			reach(t, "the ODB is away", func() bool {
				s, err := without.API.Status(t.Context())
				return err == nil && s.ODB.State == "down"
			})
			d.Change(with)
			wait(t, parted()-time.Since(begun))
			net.Heal()
		}
	}
	d.step("minority without the ODB", split([]int{3, 4}, false))
	d.step("minority with the ODB", split([]int{0, 1}, true))
	d.step("all apart, all with the ODB", func(t *testing.T) {
		begun := time.Now()
		for i := range d.Boxes {
			for j := range d.Boxes {
				if i != j {
					net.CutOneWay(i, j)
				}
			}
		}
		reach(t, "one sees no other", func() bool { return missing(topology(t, d.Boxes[1])) == 4 })
		if p := topology(t, d.Boxes[1]); !p.Split || len(p.Missing) != 4 {
			t.Errorf("the picture is %+v", p)
		}
		d.Change(d.Boxes[1])
		for _, b := range d.Boxes { // by poll: no hint comes through
			reach(t, b.Name+" follows the ODB", func() bool {
				a, err := nodetest.TryDo(t.Context(), http.MethodPost, b.Traffic+"/hello", `{"name":"Ada"}`)
				return err == nil && strings.Contains(a.Body, fmt.Sprintf("from %d", d.Code.Load()))
			})
		}
		wait(t, parted()-time.Since(begun))
		net.Heal()
	})
	if long() {
		d.step("one alone", split([]int{2}, false))
	}
	d.end()
}

// The network loses packets, or carries them one way only, or no UDP: nobody
// who is well is given up, and what is wrong with the links is shown.
func TestBadLinks(t *testing.T) {
	t.Parallel()
	d, net := apart(t)
	d.step("one way between two is cut", func(t *testing.T) {
		net.CutOneWay(0, 1)
		linkIs(t, d.Boxes[0], d.Boxes[1], "silent", func(l client.Link) bool { return l.Silent && l.Loss > 0 })
		if p := topology(t, d.Boxes[2]); missing(p) != 0 || p.Split {
			t.Errorf("others are in between, but it sees %+v", p)
		}
		pkg := client.NewPackage("other", map[string][]byte{"main.ts": []byte(otherCode)})
		_, err := d.Boxes[1].API.Deploy(t.Context(), client.DeployRequest{Packages: []client.Package{pkg}})
		if err == nil || !strings.Contains(err.Error(), "node box1 cannot run it: it counts as up, but does not answer") {
			t.Errorf("deployed by a node that does not reach another: %v", err)
		}
		d.Change(d.Boxes[2])
		if long() {
			wait(t, time.Minute)
		}
		net.Heal()
	})
	d.step("a node hears nobody and is heard", func(t *testing.T) {
		deaf := d.Boxes[4]
		before := givenUp(d, deaf)
		for i := range 4 {
			net.CutOneWay(i, 4)
		}
		for _, b := range d.others(deaf) {
			reach(t, b.Name+" gives it up", func() bool { return nodeNamed(t, b, deaf.Name).State != "up" })
		}
		d.Change(d.Boxes[1])
		wait(t, min(parted(), 30*time.Second)/2)
		if after := givenUp(d, deaf); after != before {
			t.Errorf("%d times a node that is well was given up because of one that hears nobody", after-before)
		}
		net.Heal()
	})
	d.step("a fifth of all packets is lost", func(t *testing.T) {
		net.Lose(0.2)
		begun := time.Now()
		for time.Since(begun) < parted() {
			d.Change(d.Boxes[d.rng.IntN(5)])
			wait(t, 2*time.Second)
		}
		linkIs(t, d.Boxes[0], d.Boxes[1], "lossy", func(l client.Link) bool { return l.Loss > 0.05 && l.Loss < 0.9 })
		net.Heal()
	})
	d.step("no UDP", func(t *testing.T) {
		net.BlockUDP()
		for _, b := range d.others(d.Boxes[0]) {
			linkIs(t, d.Boxes[0], b, "by TCP only", func(l client.Link) bool { return l.TCPOnly && !l.Silent })
		}
		d.Change(d.Boxes[2])
		d.Level("a change without UDP")
		killed := d.Boxes[3]
		killed.Kill()
		reach(t, "the killed node is given up", func() bool { return nodeNamed(t, d.Boxes[0], killed.Name).State == "down" })
		killed.Start()
		d.Level("a start without UDP")
		net.Heal()
		linkIs(t, d.Boxes[0], d.Boxes[1], "by UDP again", func(l client.Link) bool { return !l.TCPOnly })
	})
	d.end()
}

const otherCode = `import { service } from "@signalbox/sdk";
export const other = service({ name: "other.say", handle() { return {}; } });
`

// linkIs waits until a box measures the link to another as wanted.
func linkIs(t *testing.T, from, to *nodetest.Box, what string, ok func(client.Link) bool) {
	t.Helper()
	var last client.Link
	defer func() { t.Logf("link %+v", last) }()
	reach(t, "the link is "+what, func() bool {
		for _, l := range topology(t, from).Links {
			if l.From == from.Name && l.To == to.Name {
				last = l
				return ok(l)
			}
		}
		return false
	})
}

// givenUp counts how often healthy nodes said of each other that they are not heard of.
func givenUp(d *drill, sick *nodetest.Box) (n int) {
	for _, b := range d.others(sick) {
		for line := range strings.Lines(b.Stderr()) {
			if strings.Contains(line, "node is not heard of") && !strings.Contains(line, "name="+sick.Name) {
				n++
			}
		}
	}
	return n
}

// missing counts the nodes that a picture shows as not up.
func missing(p client.Topology) (n int) {
	for _, node := range p.Nodes {
		if node.State != "up" {
			n++
		}
	}
	return n
}
