package channel

import (
	"container/list"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"signalbox.internal/odb"
)

// maxBuckets bounds how many callers a limit tells apart; the one that has not
// called for longest is forgotten first.
const maxBuckets = 10_000

// limiter admits requests at the rate of a channel, for everybody together or for
// each address or user alone.
type limiter struct {
	by    string
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*list.Element // of *bucket
	recent  list.List                // the most recent caller first
}

type bucket struct {
	key string
	*rate.Limiter
}

func newLimiter(r odb.RateLimit) *limiter {
	l := &limiter{by: r.By, rate: rate.Limit(float64(r.Requests) / r.Per.Std().Seconds()), burst: r.Burst, buckets: map[string]*list.Element{}}
	if l.burst == 0 {
		l.burst = r.Requests
	}
	return l
}

// take admits one request of key, or says how long to wait.
func (l *limiter) take(key string, now time.Time) (wait time.Duration, ok bool) {
	b := l.bucket(key)
	if b.AllowN(now, 1) {
		return 0, true
	}
	r := b.ReserveN(now, 1)
	wait = r.DelayFrom(now)
	r.CancelAt(now)
	return max(wait, time.Millisecond), false
}

func (l *limiter) bucket(key string) *bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	if place, ok := l.buckets[key]; ok {
		l.recent.MoveToFront(place)
		b, _ := place.Value.(*bucket)
		return b
	}
	for len(l.buckets) >= maxBuckets {
		oldest, _ := l.recent.Remove(l.recent.Back()).(*bucket)
		delete(l.buckets, oldest.key)
	}
	b := &bucket{key: key, Limiter: rate.NewLimiter(l.rate, l.burst)}
	l.buckets[key] = l.recent.PushFront(b)
	return b
}

// key says whose requests this one counts with. Somebody without a name counts by
// address; an IPv6 address counts as its /64, which is what one customer has.
func (l *limiter) key(user, security string, client netip.Addr) string {
	switch {
	case l.by == "user" && user != "":
		return "user " + security + " " + user
	case l.by == "channel":
		return ""
	}
	if client.Is6() {
		if p, err := client.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return client.String()
}

// clientOf reads the client's address, which the balancer has put into RemoteAddr.
// It is not valid when there is none.
func clientOf(remote string) netip.Addr {
	if ap, err := netip.ParseAddrPort(remote); err == nil {
		return ap.Addr().Unmap()
	}
	addr, err := netip.ParseAddr(strings.Trim(remote, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// contains reports whether a network has the address.
func contains(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.WithZone("")
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
