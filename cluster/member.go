package cluster

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/memberlist"
)

// Meta is what a node tells of itself by gossip: small, of no secret, and only
// to be shown or to be taken as a hint.
type Meta struct {
	Name     string   `json:"n"`           // the node's, for people
	Traffic  string   `json:"t,omitempty"` // host:port
	Control  string   `json:"c,omitempty"` // host:port
	Roles    []string `json:"r,omitempty"`
	Revision int64    `json:"v,omitempty"` // in force
	Ready    bool     `json:"y,omitempty"`
	Version  string   `json:"b,omitempty"` // of the binary
	Load     int      `json:"l,omitempty"` // requests in flight, roughly
	Problems int      `json:"p,omitempty"` // definitions that are not in force
}

// State is how a node is seen. Gossip alone never says more than unknown of a
// node that fell silent: it may run behind a broken link.
type State string

// The states of a node.
const (
	Up      State = "up"
	Down    State = "down"    // it said goodbye
	Unknown State = "unknown" // it is not heard of
)

// Member is a node as this one sees it.
type Member struct {
	ID       string
	Instance string // of the process; another after each start
	Address  string // host:port of gossip
	State    State
	Since    time.Time // of State
	Heard    time.Time // when gossip last told of it being up; now for one that is up
	Meta     Meta
	Local    bool // this node
	TCPOnly  bool // UDP packets do not come back from it
}

// maxMeta is how many bytes memberlist carries of a node's meta.
const maxMeta = memberlist.MetaMaxSize

// encode returns the meta in at most limit bytes; what people only look at goes first.
func (m Meta) encode(limit int) []byte {
	for range 3 {
		if b, err := json.Marshal(m); err == nil && len(b) <= limit {
			return b
		}
		switch {
		case len(m.Version) > 20:
			m.Version = m.Version[:20]
		case len(m.Roles) > 0:
			m.Roles = nil
		default:
			m.Name = m.Name[:min(len(m.Name), 40)]
		}
	}
	return nil
}

// decodeMeta reads what a peer tells of itself.
func decodeMeta(b []byte) (Meta, error) {
	var m Meta
	if err := json.Unmarshal(b, &m); err != nil {
		return Meta{}, fmt.Errorf("read a node's meta: %w", err)
	}
	return m, nil
}

// gossipName is a node's name in memberlist: its id and that of its process. A
// node that starts again, at whatever address, is a new name there, so nobody
// has to wait until the old one is forgotten.
func gossipName(id, instance string) string { return id + "." + instance }

// splitName is the opposite of gossipName.
func splitName(name string) (id, instance string, ok bool) {
	id, instance, ok = strings.Cut(name, ".")
	return id, instance, ok && len(id) == 26 && instance != "" && strings.Trim(id+instance, idDigits) == ""
}

// newInstance returns an id for a process: the time of its start, so that later
// ones sort after earlier ones of the same box, then a random part.
func newInstance(now time.Time, random uint32) string {
	return fmt.Sprintf("%011x", now.UnixMilli()) + fmt.Sprintf("%08x", random)
}

func nodeAddress(n *memberlist.Node) string {
	return net.JoinHostPort(n.Addr.String(), strconv.Itoa(int(n.Port)))
}
