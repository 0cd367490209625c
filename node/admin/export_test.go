package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/odb"
)

// RouteInfo shows a line of the table to tests.
type RouteInfo struct {
	Method, Path, ID string
	Role             odb.Role
	Query            []string
	HasBody          bool
}

// Table shows the whole table.
func (a *API) Table() []RouteInfo {
	var out []RouteInfo
	for _, rt := range a.routes {
		info := RouteInfo{Method: rt.method, Path: rt.path, ID: rt.id, Role: rt.role, HasBody: rt.body != nil || rt.takes != ""}
		for _, p := range rt.query {
			info.Query = append(info.Query, p.name)
		}
		out = append(out, info)
	}
	return out
}

// Routed lists "METHOD pattern" of what the router really has.
func (a *API) Routed() ([]string, error) {
	var out []string
	err := chi.Walk(a.router, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		out = append(out, method+" "+pattern)
		return nil
	})
	return out, err
}

// DecodeStrict is decodeStrict.
func DecodeStrict(text []byte, into any) error { return decodeStrict(text, into) }

// CheckPassword is checkPassword.
func CheckPassword(hash, password string) bool { return checkPassword(hash, password) }

// Guard is a guard with a clock of the test.
type Guard struct{ g *guard }

// NewGuard returns a guard.
func NewGuard(now func() time.Time) Guard { return Guard{newGuard(now)} }

// Wait, Failed, Good and Size are those of the guard.
func (g Guard) Wait(key string) time.Duration { return g.g.wait(key) }
func (g Guard) Failed(key string)             { g.g.failed(key) }
func (g Guard) Good(key string)               { g.g.good(key) }
func (g Guard) Size() int                     { return len(g.g.tries) }

// AddrKey is addrKey.
func AddrKey(addr string) string { return addrKey(addr) }

// FillOutcomes starts n calls, most of which end at once, and tells how many are
// kept, how many more were refused while as many as may be ran, and how many are
// kept when one more is started after a while.
func FillOutcomes(n int, later time.Duration) (kept, refused, after int) {
	clock := time.Unix(1e9, 0)
	o := newOutcomes(func() time.Time { return clock })
	defer o.close()
	cid := 0
	begin := func() *outcome {
		cid++
		one, err := o.begin(strconv.Itoa(cid), "s", "a")
		if err != nil {
			refused++
			return nil
		}
		return one
	}
	for range n {
		o.finish(begin(), raw{"application/json", []byte("1")}, 0, nil)
	}
	kept = len(o.byCID)
	var open []*outcome
	for range maxUnderWay + 5 {
		if one := begin(); one != nil {
			open = append(open, one)
		}
	}
	for _, one := range open {
		o.finish(one, raw{"text/plain", []byte("x")}, 0, nil)
	}
	clock = clock.Add(later)
	o.finish(begin(), raw{}, 0, nil)
	return kept, refused, len(o.byCID)
}
