package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"sync"
	"time"
)

// lookTime is how long one look at an address may take.
const lookTime = 5 * time.Second

// look tells which authority the addresses of a link show. It sends no request.
func look(ctx context.Context, s SaveCluster) *Shown {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	found := lookAll(ctx, s.URLs)
	best := Shown{Why: "there is no address"}
	for i, one := range found {
		if i == 0 || one.Reachable && !best.Reachable {
			best = one
		}
	}
	for _, one := range found { // one address of another cluster spoils all
		if one.Reachable && s.Fingerprint != "" && one.Fingerprint != s.Fingerprint {
			one.Why = (&foreignAuthorityError{want: s.Fingerprint, got: one.Fingerprint}).Error()
			return &one
		}
		if one.Reachable && one.Fingerprint != best.Fingerprint {
			one.Why = "the addresses belong to different authorities"
			return &one
		}
	}
	best.Matches = best.Reachable && s.Fingerprint != ""
	return &best
}

// lookAll looks at all addresses at once.
func lookAll(ctx context.Context, urls []string) []Shown {
	found := make([]Shown, len(urls))
	var wg sync.WaitGroup
	for i, raw := range urls {
		wg.Go(func() { found[i] = lookAt(ctx, raw) })
	}
	wg.Wait()
	return found
}

func lookAt(ctx context.Context, raw string) Shown {
	u, err := url.Parse(raw)
	if err != nil {
		return Shown{Why: "it is no address"}
	}
	shown := Shown{URL: raw}
	d := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: dialTime},
		Config:    shownTLS(func(fingerprint string) { shown.Reachable, shown.Fingerprint = true, fingerprint }),
	}
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err == nil {
		_ = conn.Close()
	}
	if err != nil && !errors.Is(err, seenError{}) {
		var foreign *foreignAuthorityError
		shown.Reachable = errors.As(err, &foreign)
		shown.Why = reason(err)
	}
	return shown
}
