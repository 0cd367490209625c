package nodetest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// netPrefix begins the name of everything that tests make in the kernel.
const netPrefix = "sbxt"

// Net is a network of boxes: a network namespace each, joined by a bridge on
// which the test itself sits. All of it goes with the test; what a test that
// crashed left behind goes when the next one starts.
type Net struct {
	t      testing.TB
	name   string
	subnet string // its first three numbers
	boxes  int
}

// required reports whether a missing program is a fault: root can install it.
func required() bool {
	return os.Geteuid() == 0 && os.Getenv("SIGNALBOX_TEST_REQUIRE") == "1" //nolint:forbidigo // how all tests are told
}

var errNotAllowed = errors.New("network namespaces are not allowed here")

// NewNet makes a network. Where that is not allowed the test is skipped, and says
// so; where only the programs are missing and SIGNALBOX_TEST_REQUIRE is 1, it fails.
func NewNet(t testing.TB, boxes int) *Net {
	t.Helper()
	for _, program := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(program); err != nil && required() {
			t.Fatalf("%v; install the Debian packages iproute2 and iptables", err)
		} else if err != nil {
			t.Skipf("NOT TESTED, though partitions and lost packets are what it is about: %v; install the Debian packages iproute2 and iptables", err)
		}
	}
	n := &Net{t: t, boxes: boxes}
	t.Cleanup(n.remove)
	if err := n.make(); errors.Is(err, errNotAllowed) {
		t.Skipf("NOT TESTED, though partitions and lost packets are what it is about: %v", err)
	} else if err != nil {
		t.Fatalf("make a network: %v", err)
	}
	return n
}

// make makes the bridge, the namespaces and what joins them.
func (n *Net) make() error {
	sweepNets()
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: only root may make them", errNotAllowed)
	}
	// Several networks of one or of many test programs; and the kernel takes the
	// parts of one that was removed away a little later, so not the same name again.
	for i := 1 + rand.IntN(90); ; i++ { //nolint:gosec // no secret
		n.name = fmt.Sprintf("%s%dx%d", netPrefix, os.Getpid()%1_000_000, i)
		n.subnet = fmt.Sprintf("198.18.%d", (os.Getpid()*8+i)%256)
		out, err := exec.Command("ip", "link", "add", n.name, "type", "bridge").CombinedOutput() //nolint:noctx,gosec // at once
		if err == nil {
			break
		}
		if !strings.Contains(string(out), "exists") || i > 98 {
			n.name = ""
			return fmt.Errorf("%w: %s", errNotAllowed, strings.TrimSpace(string(out)))
		}
	}
	err := errors.Join(
		ip("addr", "add", n.Test()+"/24", "dev", n.name), ip("addr", "add", n.ODB()+"/24", "dev", n.name),
		ip("link", "set", n.name, "up"),
	)
	for i := range n.boxes {
		ns, veth := n.space(i), fmt.Sprintf("%sv%d", n.name, i)
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil { //nolint:noctx,gosec // at once
			return fmt.Errorf("%w: %s", errNotAllowed, strings.TrimSpace(string(out)))
		}
		err = errors.Join(
			err, ip("link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", ns),
			ip("link", "set", veth, "master", n.name, "up"),
			n.in(i, "ip", "addr", "add", n.Address(i)+"/24", "dev", "eth0"),
			n.in(i, "ip", "link", "set", "lo", "up"), n.in(i, "ip", "link", "set", "eth0", "up"),
		)
	}
	return err
}

// ip runs the program of that name.
func ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput() //nolint:noctx,gosec // at once
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (n *Net) space(i int) string { return n.name + "-" + strconv.Itoa(i) }

// Test is the address that the test itself has; it is never cut off.
func (n *Net) Test() string { return n.subnet + ".1" }

// ODB is the address where the nodes find their database, see [Net.Forward].
func (n *Net) ODB() string { return n.subnet + ".2" }

// Address is the address of box i.
func (n *Net) Address(i int) string { return fmt.Sprintf("%s.%d", n.subnet, 11+i) }

// In returns what to put before a command that shall run on box i.
func (n *Net) In(i int) []string { return []string{"ip", "netns", "exec", n.space(i)} }

func (n *Net) in(i int, args ...string) error {
	all := append(n.In(i)[1:], args...)
	return ip(all...)
}

func (n *Net) must(errs ...error) {
	n.t.Helper()
	if err := errors.Join(errs...); err != nil {
		n.t.Fatal(err)
	}
}

// CutOneWay loses all packets from box a to box b.
func (n *Net) CutOneWay(a, b int) {
	n.t.Helper()
	n.must(n.in(b, "iptables", "-w", "-A", "INPUT", "-s", n.Address(a), "-j", "DROP"))
}

// Split cuts the boxes of a from all others. keepODB says whether they keep the database.
func (n *Net) Split(a []int, keepODB bool) {
	n.t.Helper()
	side := map[int]bool{}
	for _, i := range a {
		side[i] = true
	}
	for i := range n.boxes {
		if side[i] != keepODB {
			n.CutODB(i)
		}
		for j := range n.boxes {
			if side[i] != side[j] {
				n.CutOneWay(i, j)
			}
		}
	}
}

// CutODB cuts box i from the database.
func (n *Net) CutODB(i int) {
	n.t.Helper()
	n.must(
		n.in(i, "iptables", "-w", "-A", "INPUT", "-s", n.ODB(), "-j", "DROP"),
		n.in(i, "iptables", "-w", "-A", "OUTPUT", "-d", n.ODB(), "-j", "DROP"),
	)
}

// Lose loses a share of all packets between boxes and from the database.
func (n *Net) Lose(share float64) {
	n.t.Helper()
	for i := range n.boxes {
		n.must(
			n.in(i, "iptables", "-w", "-A", "INPUT", "-s", n.Test(), "-j", "ACCEPT"),
			n.in(i, "iptables", "-w", "-A", "INPUT", "-m", "statistic", "--mode", "random", "--probability", fmt.Sprint(share), "-j", "DROP"),
		)
	}
}

// BlockUDP lets no UDP packet reach a box.
func (n *Net) BlockUDP() {
	n.t.Helper()
	for i := range n.boxes {
		n.must(n.in(i, "iptables", "-w", "-A", "INPUT", "-p", "udp", "-j", "DROP"))
	}
}

// Heal undoes every cut.
func (n *Net) Heal() {
	n.t.Helper()
	for i := range n.boxes {
		n.must(n.in(i, "iptables", "-w", "-F"))
	}
}

// remove takes everything away; processes in it have ended.
func (n *Net) remove() {
	if n.name == "" {
		return
	}
	for i := range n.boxes {
		if _, err := os.Stat(filepath.Join("/run/netns", n.space(i))); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := ip("netns", "del", n.space(i)); err != nil {
			n.t.Errorf("remove network: %v", err)
		}
	}
	if err := ip("link", "del", n.name); err != nil {
		n.t.Errorf("remove network: %v", err)
	}
}

// sweepNets removes what tests of processes that are gone left behind.
func sweepNets() {
	spaces, _ := filepath.Glob("/run/netns/" + netPrefix + "*") // the pattern is right
	bridges, _ := filepath.Glob("/sys/class/net/" + netPrefix + "*")
	for _, path := range append(spaces, bridges...) {
		name := filepath.Base(path)
		owner, _, _ := strings.Cut(strings.TrimPrefix(name, netPrefix), "x")
		if pid, err := strconv.Atoi(owner); err == nil && alive(pid) {
			continue
		}
		if strings.HasPrefix(path, "/run/netns/") {
			_ = ip("netns", "del", name) // another test program may sweep as well
		} else {
			_ = ip("link", "del", name) // veths go with their namespaces
		}
	}
}

// alive reports whether a process runs; its number is cut as in make.
func alive(pid int) bool {
	for ; pid < 1<<22; pid += 1_000_000 {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			return true
		}
	}
	return false
}

// Forward carries connections to the database's address in this network on to
// where it really is, and returns the port.
func (n *Net) Forward(to string) int {
	n.t.Helper()
	l, err := net.Listen("tcp", n.ODB()+":0") //nolint:noctx // closed at the test's end
	if err != nil {
		n.t.Fatal(err)
	}
	f := &forwarder{conns: map[net.Conn]struct{}{}}
	f.g.Go(func() { f.accept(l, to) })
	n.t.Cleanup(func() {
		_ = l.Close()
		f.end()
	})
	return l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is one
}

// forwarder carries TCP connections on.
type forwarder struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
	over  bool
	g     sync.WaitGroup
}

func (f *forwarder) accept(l net.Listener, to string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		f.g.Go(func() { f.carry(c, to) })
	}
}

func (f *forwarder) carry(c net.Conn, to string) {
	d, err := net.Dial("tcp", to) //nolint:noctx // on loopback
	if err != nil {
		_ = c.Close()
		return
	}
	if !f.hold(c, d) {
		return
	}
	var g sync.WaitGroup
	for _, way := range [][2]net.Conn{{c, d}, {d, c}} {
		g.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // either side may go away
			_ = c.Close()
			_ = d.Close()
		})
	}
	g.Wait()
	f.mu.Lock()
	delete(f.conns, c)
	delete(f.conns, d)
	f.mu.Unlock()
}

func (f *forwarder) hold(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		if f.over {
			_ = c.Close()
		} else {
			f.conns[c] = struct{}{}
		}
	}
	return !f.over
}

func (f *forwarder) end() {
	f.mu.Lock()
	f.over = true
	for c := range f.conns {
		_ = c.Close()
	}
	f.mu.Unlock()
	f.g.Wait()
}
