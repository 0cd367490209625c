// Package netguard keeps calls to other systems away from addresses that a
// definition should not reach by accident or by malice: the node itself, its
// private networks, and the metadata services of clouds.
//
// It offers [Check] for one address and [Control] for a [net.Dialer], which
// judges the address that is really dialled, after name resolution, so that a
// name cannot change its address between the check and the call.
//
// It resolves no names, dials nothing, and imports no other package of this module.
package netguard

import (
	"fmt"
	"net/netip"
	"syscall"
)

// Error says that an address may not be dialled. It names the address and what
// kind it is, and nothing of what was to be sent.
type Error struct {
	Addr netip.Addr // the address refused; the zero Addr when the address was not an IP address
	Kind string     // "loopback", "private", "link-local", "cloud metadata", …
}

// Error says which address was refused, why, and what would allow it.
func (e *Error) Error() string {
	if !e.Addr.IsValid() {
		return "the address is not allowed: " + e.Kind
	}
	return fmt.Sprintf("the address %s is not allowed: it is %s; name its network in the list of allowed networks to permit it", e.Addr, e.Kind)
}

// Check returns an [*Error] when addr is not an address of the public internet
// and no prefix of allow contains it. IPv4 inside IPv6 (mapped, NAT64) counts
// as the IPv4 address that is reached.
func Check(addr netip.Addr, allow []netip.Prefix) error {
	if !addr.IsValid() {
		return &Error{Kind: "it is not an IP address"}
	}
	plain := addr.WithZone("").Unmap()
	target := plain
	if nat64.Contains(plain) {
		target = embedded(plain)
	}
	kind := kindOf(target)
	if kind == "" || allowed(plain, allow) || allowed(target, allow) {
		return nil
	}
	return &Error{Addr: addr, Kind: kind}
}

// Control returns a function for [net.Dialer.Control] that lets connections
// pass only to addresses that [Check] lets pass, and only over TCP and UDP.
func Control(allow []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		switch network {
		case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		default:
			return &Error{Kind: fmt.Sprintf("the network %q is neither TCP nor UDP", network)}
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return &Error{Kind: "it is not an IP address and port"}
		}
		return Check(ap.Addr(), allow)
	}
}

// allowed reports whether a prefix contains addr. A prefix written in mapped
// form (::ffff:10.0.0.0/104) means the IPv4 network.
func allowed(addr netip.Addr, allow []netip.Prefix) bool {
	for _, p := range allow {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
