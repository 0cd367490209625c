package cluster

import (
	"fmt"
	"time"

	"github.com/hashicorp/memberlist"
)

// Profile is a set of tunings for a kind of network.
type Profile string

// The profiles.
const (
	Wired Profile = "wired" // switched Ethernet, boxes that are seldom starved
	Radio Profile = "radio" // radio, satellite or VPN: slow and lossy
	Bench Profile = "bench" // loopback and tests: everything soon
)

// Profiles lists the profiles that a node's settings may name.
func Profiles() []Profile { return []Profile{Wired, Radio, Bench} }

// pace is what a profile says beside memberlist's own tunings.
type pace struct {
	rejoin time.Duration // between tries to reach known addresses that are no members
	links  time.Duration // between measurements of a link
	meta   time.Duration // at least so long between two changes of meta
	leave  time.Duration // for saying goodbye
	silent time.Duration // of UDP packets without an answer: TCP carries them as well
}

// tune returns memberlist's configuration and the pace of a profile. A node that
// fell silent is gossiped to for long, so that both halves of a healed network
// find each other again.
func (p Profile) tune() (*memberlist.Config, pace, error) {
	switch p {
	case Wired, "":
		c := memberlist.DefaultLANConfig()
		c.SuspicionMult = 6 // small clusters have nobody to confirm a suspicion
		c.GossipToTheDeadTime = 10 * time.Minute
		return c, pace{rejoin: 15 * time.Second, links: 5 * time.Second, meta: time.Second, leave: time.Second, silent: 10 * time.Second}, nil
	case Radio:
		c := memberlist.DefaultWANConfig()
		c.SuspicionMult = 8
		c.UDPBufferSize = 1200 // fits into a tunnel's packets
		c.GossipToTheDeadTime = 30 * time.Minute
		return c, pace{rejoin: 30 * time.Second, links: 15 * time.Second, meta: 5 * time.Second, leave: 3 * time.Second, silent: 30 * time.Second}, nil
	case Bench:
		c := memberlist.DefaultLocalConfig()
		c.ProbeInterval, c.ProbeTimeout, c.SuspicionMult = 500*time.Millisecond, 200*time.Millisecond, 4
		c.SuspicionMaxTimeoutMult = 3 // nobody confirms a suspicion when half of all are gone
		c.GossipToTheDeadTime = 5 * time.Minute
		c.PushPullInterval = 5 * time.Second
		return c, pace{rejoin: time.Second, links: time.Second, meta: 50 * time.Millisecond, leave: 300 * time.Millisecond, silent: 2 * time.Second}, nil
	}
	return nil, pace{}, fmt.Errorf("there is no network profile %q; wired, radio and bench are", string(p))
}
