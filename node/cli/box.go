package cli

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/config"
)

// mostNodes is how many nodes up runs on one box.
const mostNodes = 50

// nodePrefix begins the names of the nodes of one box, and those of their folders.
const nodePrefix = "node-"

// boxFolder is a folder with the nodes of one box: each in DIR/node-N. A folder that
// began with a single node has that one in itself.
type boxFolder struct {
	dir     string
	folders []string // of the nodes, in order
}

// newBox looks what is in a folder, which may be missing.
func newBox(dir string) boxFolder {
	b := boxFolder{dir: dir}
	if abs, err := filepath.Abs(dir); err == nil {
		b.dir = abs
	}
	if config.Exists(b.dir) {
		b.folders = append(b.folders, b.dir)
	}
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return b
	}
	var numbers []int
	for _, e := range entries {
		if n, ok := nodeNumber(e.Name()); ok && config.Exists(filepath.Join(b.dir, e.Name())) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		b.folders = append(b.folders, b.folder(n))
	}
	return b
}

func nodeNumber(name string) (int, bool) {
	text, ok := strings.CutPrefix(name, nodePrefix)
	n, err := strconv.Atoi(text)
	return n, ok && err == nil && n > 0 && strconv.Itoa(n) == text
}

func (b boxFolder) folder(n int) string { return filepath.Join(b.dir, nodePrefix+strconv.Itoa(n)) }

// several reports whether the folder is one of several nodes, even if it has one.
func (b boxFolder) several() bool {
	return len(b.folders) > 1 || len(b.folders) == 1 && b.folders[0] != b.dir
}

// free returns the lowest number that no node has. The one in the folder itself
// counts as the first.
func (b boxFolder) free() int {
	n := 1
	if len(b.folders) > 0 && b.folders[0] == b.dir {
		n = 2
	}
	for slices.Contains(b.folders, b.folder(n)) {
		n++
	}
	return n
}

// portStep lies between the ports of one node and the next.
const portStep = 10

// addresses chooses the addresses of nodes of one box, none twice.
type addresses struct{ taken map[string]bool }

// newAddresses knows those that the nodes of the box have in their settings.
func newAddresses(b boxFolder) *addresses {
	s := &addresses{taken: map[string]bool{}}
	for _, dir := range b.folders {
		if cfg, _, err := config.Load(dir, nil, nil); err == nil {
			for _, a := range []string{cfg.Traffic, cfg.Control, cfg.Gossip} {
				s.take(a)
			}
		}
	}
	return s
}

func (s *addresses) take(address string) {
	if _, port, err := net.SplitHostPort(address); err == nil {
		s.taken[port] = true
	}
}

// firstOfAny is where the search for any port begins: below those that systems
// give to outgoing connections.
const (
	firstOfAny = 20000
	spread     = 10000
)

// next returns an address for the n-th node (from 1) when the first has address:
// on the same host, portStep further for each node, or the next port that is free.
// For port 0 it is any free one; any tells apart who asks at the same time.
func (s *addresses) next(address string, n, anyPort int) (string, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("choose a port beside %s: %w", address, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "", fmt.Errorf("choose a port beside %s: %w", address, err)
	}
	if port == 0 {
		port = firstOfAny + anyPort%spread
	} else {
		port += (n - 1) * portStep
	}
	for last := min(port+500, 65535); port <= last; port++ {
		if text := strconv.Itoa(port); !s.taken[text] && isFree(host, text) {
			s.taken[text] = true
			return net.JoinHostPort(host, text), nil
		}
	}
	return "", fmt.Errorf("no free port was found beside %s", address)
}

// isFree reports whether a port can be listened on now, by TCP and by UDP.
func isFree(host, port string) bool {
	tcp, err := net.Listen("tcp", net.JoinHostPort(host, port)) //nolint:noctx // binds at once
	if err != nil {
		return false
	}
	udp, err := net.ListenPacket("udp", net.JoinHostPort(host, port)) //nolint:noctx // binds at once
	if err == nil {
		_ = udp.Close()
	}
	return tcp.Close() == nil && err == nil
}
