package netguard

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

func prefixes(tb testing.TB, texts ...string) []netip.Prefix {
	tb.Helper()
	var out []netip.Prefix
	for _, s := range texts {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		addr  string
		allow []string
		want  string // kind refused; empty: passes
	}{
		"public v4":                     {"93.184.216.34", nil, ""},
		"public v6":                     {"2606:4700::1111", nil, ""},
		"public mapped":                 {"::ffff:93.184.216.34", nil, ""},
		"public behind NAT64":           {"64:ff9b::5db8:d822", nil, ""},
		"loopback":                      {"127.0.0.1", nil, "loopback"},
		"loopback, other":               {"127.255.1.2", nil, "loopback"},
		"loopback v6":                   {"::1", nil, "loopback"},
		"loopback mapped":               {"::ffff:127.0.0.1", nil, "loopback"},
		"loopback compatible":           {"::127.0.0.1", nil, "IPv4 inside IPv6"},
		"loopback behind NAT64":         {"64:ff9b::7f00:1", nil, "loopback"},
		"metadata behind NAT64":         {"64:ff9b::a9fe:a9fe", nil, "cloud metadata"},
		"local NAT64":                   {"64:ff9b:1::a9fe:a9fe", nil, "IPv4 inside IPv6"},
		"6to4":                          {"2002:7f00:1::", nil, "IPv4 inside IPv6"},
		"teredo":                        {"2001:0:1::", nil, "IPv4 inside IPv6"},
		"ten":                           {"10.1.2.3", nil, "private"},
		"172.16":                        {"172.31.255.255", nil, "private"},
		"next to 172.16":                {"172.32.0.1", nil, ""},
		"192.168":                       {"192.168.0.1", nil, "private"},
		"unique local":                  {"fd12::1", nil, "private"},
		"site local":                    {"fec0::1", nil, "private"},
		"carrier":                       {"100.64.0.1", nil, "shared by a carrier"},
		"next to carrier":               {"100.128.0.1", nil, ""},
		"link-local":                    {"169.254.1.1", nil, "link-local"},
		"link-local v6":                 {"fe80::1", nil, "link-local"},
		"link-local with zone":          {"fe80::1%eth0", nil, "link-local"},
		"metadata":                      {"169.254.169.254", nil, "cloud metadata"},
		"metadata mapped":               {"::ffff:169.254.169.254", nil, "cloud metadata"},
		"metadata v6":                   {"fd00:ec2::254", nil, "cloud metadata"},
		"metadata of other clouds":      {"100.100.100.200", nil, "cloud metadata"},
		"metadata at a public address":  {"168.63.129.16", nil, "cloud metadata"},
		"multicast":                     {"224.0.0.1", nil, "multicast"},
		"multicast v6":                  {"ff02::1", nil, "multicast"},
		"unspecified":                   {"0.0.0.0", nil, "unspecified"},
		"this network":                  {"0.1.2.3", nil, "unspecified"},
		"unspecified v6":                {"::", nil, "unspecified"},
		"broadcast":                     {"255.255.255.255", nil, "reserved"},
		"documentation":                 {"203.0.113.7", nil, "reserved"},
		"documentation v6":              {"2001:db8::1", nil, "reserved"},
		"benchmarks":                    {"198.19.0.1", nil, "reserved"},
		"allowed network":               {"10.1.2.3", []string{"10.1.0.0/16"}, ""},
		"allowed, second":               {"10.1.2.3", []string{"192.168.0.0/16", "10.1.0.0/16"}, ""},
		"allowed, other network":        {"10.2.2.3", []string{"10.1.0.0/16"}, "private"},
		"allowed address":               {"127.0.0.1", []string{"127.0.0.1/32"}, ""},
		"allowed, neighbour":            {"127.0.0.2", []string{"127.0.0.1/32"}, "loopback"},
		"allowed, mapped address":       {"::ffff:127.0.0.1", []string{"127.0.0.0/8"}, ""},
		"allowed, mapped prefix":        {"10.1.2.3", []string{"::ffff:10.0.0.0/104"}, ""},
		"allowed, zone":                 {"fe80::1%eth0", []string{"fe80::/10"}, ""},
		"allowed v4 behind NAT64":       {"64:ff9b::a01:203", []string{"10.0.0.0/8"}, ""},
		"allowed NAT64":                 {"64:ff9b::a01:203", []string{"64:ff9b::/96"}, ""},
		"v6 everything is not v4":       {"10.1.2.3", []string{"::/0"}, "private"},
		"everything":                    {"169.254.169.254", []string{"0.0.0.0/0"}, ""},
		"allow list keeps public ones":  {"93.184.216.34", []string{"10.0.0.0/8"}, ""},
		"allow of link-local, metadata": {"169.254.169.254", []string{"169.254.0.0/16"}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Check(netip.MustParseAddr(tc.addr), prefixes(t, tc.allow...))
			got := ""
			if e, ok := errors.AsType[*Error](err); ok {
				got = e.Kind
			} else if err != nil {
				t.Fatalf("Check() = %T, want *Error", err)
			}
			if got != tc.want {
				t.Errorf("Check(%s) refuses for %q, want %q", tc.addr, got, tc.want)
			}
		})
	}
}

func TestCheckNoAddress(t *testing.T) {
	t.Parallel()
	if Check(netip.Addr{}, prefixes(t, "0.0.0.0/0", "::/0")) == nil {
		t.Error("Check(no address) = nil, want an error")
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		network, address string
		ok               bool
	}{
		"public":          {"tcp4", "93.184.216.34:443", true},
		"allowed":         {"tcp4", "10.0.0.1:443", true},
		"loopback":        {"tcp4", "127.0.0.1:80", false},
		"loopback v6":     {"tcp6", "[::1]:80", false},
		"zone":            {"tcp6", "[fe80::1%eth0]:80", false},
		"udp":             {"udp4", "127.0.0.1:53", false},
		"unix":            {"unix", "/run/x.sock", false},
		"raw":             {"ip4:icmp", "93.184.216.34", false},
		"name":            {"tcp4", "localhost:80", false},
		"without port":    {"tcp4", "93.184.216.34", false},
		"number not dots": {"tcp4", "2130706433:80", false},
		"empty":           {"tcp4", "", false},
	}
	control := Control(prefixes(t, "10.0.0.0/8"))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := control(tc.network, tc.address, nil); (err == nil) != tc.ok {
				t.Errorf("control(%s, %s) = %v, want it to pass: %t", tc.network, tc.address, err, tc.ok)
			}
		})
	}
}

// A real dialer must find the typed error behind net's own.
func TestControlInDialer(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()

	_, port, _ := net.SplitHostPort(ln.Addr().String())
	_, err = (&net.Dialer{Control: Control(nil)}).DialContext(ctx, "tcp", net.JoinHostPort("localhost", port))
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != "loopback" {
		t.Errorf("dial loopback by name = %v, want a loopback *Error", err)
	}
	c, err := (&net.Dialer{Control: Control(prefixes(t, "127.0.0.0/8"))}).DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		t.Fatalf("dial allowed loopback: %v", err)
	}
	_ = c.Close()
}

// FuzzCheck: whatever net itself calls private, loopback, link-local, multicast
// or unspecified never passes, in no way of writing it.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "fe80::1%1", "8.8.8.8", "::1"} {
		a := netip.MustParseAddr(s).As16()
		f.Add(a[:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		local := func(a netip.Addr) bool {
			return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
		}
		inner := addr.Unmap()
		if b16 := inner.As16(); inner.Is6() && nat64.Contains(inner) {
			inner = netip.AddrFrom4([4]byte(b16[12:]))
		}
		err := Check(addr, nil)
		if local(inner) && err == nil {
			t.Errorf("Check(%s) lets %s pass", addr, inner)
		}
		if Check(netip.AddrFrom16(addr.As16()), nil) == nil != (err == nil) {
			t.Errorf("Check(%s) differs from its mapped form", addr)
		}
		if err := Check(addr, []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}); err != nil {
			t.Errorf("Check(%s) refuses what is allowed: %v", addr, err)
		}
	})
}
