package lb

import (
	"net/http"
	"net/netip"
	"strings"
)

// maxHops is how many addresses of X-Forwarded-For are looked at, from the right.
const maxHops = 32

const xff = "X-Forwarded-For"

// unbelievable are the headers that say what only a proxy can know, but that no
// proxy is asked for: X-Forwarded-For alone tells the client.
var unbelievable = [...]string{"Forwarded", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "X-Forwarded-Prefix", "X-Forwarded-Server"}

// onlyTrusted are those that a trusted proxy may set, and nobody else.
var onlyTrusted = [...]string{xff, "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"}

// placeClient makes r.RemoteAddr the client's address, with the port that is known
// of it or 0, and takes out forwarding headers that are not to be believed.
func placeClient(r *http.Request, trusted []netip.Prefix) {
	for _, name := range unbelievable {
		delete(r.Header, name)
	}
	if len(trusted) > 0 {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil && contains(trusted, peer.Addr()) {
			believe(r, trusted)
			return
		}
	}
	for _, name := range onlyTrusted {
		delete(r.Header, name)
	}
}

// believe finds the client in X-Forwarded-For: from the right, the first address
// that is no trusted proxy. What stands left of it anybody could have written, so
// it is cut off. At an entry that is no address the hop that reported it counts.
func believe(r *http.Request, trusted []netip.Prefix) {
	list := strings.Join(r.Header[xff], ",")
	rest, kept, client := list, len(list), netip.AddrPort{}
	for range maxHops {
		comma := strings.LastIndexByte(rest, ',')
		addr, ok := parseHop(strings.Trim(rest[comma+1:], " \t"))
		if !ok {
			break
		}
		client, kept = addr, comma+1
		if comma < 0 || !contains(trusted, addr.Addr()) {
			break
		}
		rest = rest[:comma]
	}
	if !client.IsValid() {
		delete(r.Header, xff)
		return
	}
	r.RemoteAddr = client.String()
	r.Header[xff] = []string{strings.Trim(list[kept:], " \t")}
}

// parseHop reads an entry: an address, with or without port, IPv6 with or without
// brackets.
func parseHop(s string) (netip.AddrPort, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a.Unmap().WithZone(""), 0), true
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port()), true
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		if a, err := netip.ParseAddr(s[1 : len(s)-1]); err == nil {
			return netip.AddrPortFrom(a.Unmap().WithZone(""), 0), true
		}
	}
	return netip.AddrPort{}, false
}

func contains(trusted []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, p := range trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// dropHopByHop takes out the headers that concern only this connection, and those
// that Connection names; it runs before any header of ours is set.
func dropHopByHop(h http.Header) {
	for _, list := range h["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.Trim(name, " \t"); name != "" {
				delete(h, http.CanonicalHeaderKey(name))
			}
		}
	}
	for _, name := range [...]string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade"} {
		delete(h, name)
	}
}
