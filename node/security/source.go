package security

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"signalbox.internal/node/netguard"
	"signalbox.internal/odb"
)

// How key sets that can change are fetched.
const (
	againAfter   = 10 * time.Second // between fetches that requests ask for
	fetchTimeout = 5 * time.Second
	fileEvery    = 2 * time.Second // between looks at a file's time of change
	maxBackoff   = 5 * time.Minute // between tries of Run while a source is down
	maxRedirects = 3
)

// keySource holds a set of keys and, when load is not nil, gets newer ones. The
// last good set stays in force whatever happens to the source.
type keySource struct {
	from  string // "file" or "url"; empty for keys that never change
	ident string // equal idents are the same source
	load  func(ctx context.Context, have *keySet) (*keySet, error)
	every time.Duration
	now   func() time.Time
	keys  atomic.Pointer[keySet] // nil until the first success

	mu     sync.Mutex
	flight chan struct{} // closed when the load under way has ended; nil when there is none
	tried  time.Time     // when the last load began
	next   time.Time     // when Run loads again
	fails  int           // in a row
	since  time.Time     // of the state
	err    error         // of the last load
}

func (s *keySource) current() *keySet { return s.keys.Load() }

// due reports whether Run should load now.
func (s *keySource) due() bool {
	if s.load == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight == nil && !s.now().Before(s.next)
}

// again loads for a request, unless that was done a moment ago, and returns what
// is in force then. A client that goes away does not end the load for the others.
func (s *keySource) again(ctx context.Context) *keySet {
	if s.load != nil {
		s.refresh(context.WithoutCancel(ctx), againAfter)
	}
	return s.current()
}

// refresh loads the keys unless a load began less than gap ago; callers at the
// same time share one. While the source is down a caller with a gap does not wait
// for the load of another: requests must not pile up behind a silent server.
func (s *keySource) refresh(ctx context.Context, gap time.Duration) {
	s.mu.Lock()
	if flight := s.flight; flight != nil {
		down := s.err != nil
		s.mu.Unlock()
		if down && gap > 0 {
			return
		}
		select {
		case <-flight:
		case <-ctx.Done():
		}
		return
	}
	if !s.tried.IsZero() && s.now().Sub(s.tried) < gap {
		s.mu.Unlock()
		return
	}
	flight := make(chan struct{})
	s.flight, s.tried = flight, s.now()
	s.mu.Unlock()
	defer close(flight)

	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	set, err := s.load(ctx, s.current())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	s.done(set, err)
}

// done notes the outcome of a load. The caller holds mu.
func (s *keySource) done(set *keySet, err error) {
	now := s.now()
	if s.since.IsZero() || (err == nil) != (s.err == nil) {
		s.since = now
	}
	s.err = err
	if err == nil {
		s.keys.Store(set)
		s.fails, s.next = 0, now.Add(s.every)
		return
	}
	wait := min(againAfter<<min(s.fails, 6), maxBackoff)
	if s.from == "file" {
		wait = s.every
	}
	s.fails++
	s.next = now.Add(min(wait, max(s.every, time.Second)))
}

func (s *keySource) status(name string) KeySource {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := KeySource{Security: name, From: s.from, State: "unknown", Since: s.since}
	if set := s.current(); set != nil {
		out.Keys = len(set.keys)
	}
	switch {
	case s.err != nil:
		out.State, out.Error = "down", s.err.Error()
	case !s.since.IsZero():
		out.State = "up"
	}
	return out
}

// moving makes the source of a JWKS file or URL, or takes over the one that prev
// has when it is the same. A file is read at once; a URL is fetched by Run, or for
// the first token.
func (m *Manager) moving(ctx context.Context, spec *odb.SecuritySpec, prev *credential) (*keySource, error) {
	s := &keySource{from: "url", every: spec.JWKSEvery.Std(), now: m.now}
	switch {
	case spec.JWKSFile != "":
		s.from, s.every = "file", fileEvery
		s.ident = strings.Join(append([]string{"file", spec.JWKSFile}, spec.Algorithms...), "\x00")
		s.load = fileLoader(spec.JWKSFile, spec.Algorithms)
	case spec.JWKSURL != "":
		allow, err := prefixes(spec.JWKSAllow)
		if err != nil {
			return nil, err
		}
		parts := slices.Concat([]string{"url", spec.JWKSURL, spec.JWKSEvery.String()}, spec.Algorithms, []string{""}, spec.JWKSAllow)
		s.ident = strings.Join(parts, "\x00")
		s.load = urlLoader(spec.JWKSURL, spec.Algorithms, allow)
	default:
		return nil, errors.New("there is no source of keys")
	}
	if prev != nil && prev.jwt != nil && prev.jwt.source.ident == s.ident {
		s = prev.jwt.source
	}
	if s.from == "file" {
		s.refresh(ctx, 0)
		s.mu.Lock()
		defer s.mu.Unlock()
		return s, s.err
	}
	return s, nil
}

func prefixes(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		p, err := odb.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read allowed networks: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// fileLoader reads a JWKS file (PEM is taken as well) when its time or size changed.
func fileLoader(path string, algs []string) func(context.Context, *keySet) (*keySet, error) {
	var seen os.FileInfo
	return func(_ context.Context, have *keySet) (*keySet, error) {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read key file: %w", err)
		}
		if have != nil && seen != nil && os.SameFile(info, seen) && info.ModTime().Equal(seen.ModTime()) && info.Size() == seen.Size() {
			return have, nil
		}
		if !info.Mode().IsRegular() || info.Size() > maxKeyText {
			return nil, fmt.Errorf("read key file: %s is not a plain file of at most %d bytes", path, maxKeyText)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read key file: %w", err)
		}
		set, err := parseKeys(text, algs)
		if err != nil {
			return nil, fmt.Errorf("read key file %s: %w", path, err)
		}
		seen = info
		return set, nil
	}
}

// urlLoader fetches a JWKS document, only from addresses that are allowed.
func urlLoader(address string, algs []string, allow []netip.Prefix) func(context.Context, *keySet) (*keySet, error) {
	client := &http.Client{
		Transport: &http.Transport{ // no proxy: it would dial for us, unguarded
			DialContext:            (&net.Dialer{Timeout: fetchTimeout, Control: netguard.Control(allow)}).DialContext,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
			TLSHandshakeTimeout:    fetchTimeout,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return errors.New("the redirect is not followed: too many, or away from https")
			}
			return nil
		},
	}
	return func(ctx context.Context, _ *keySet) (*keySet, error) {
		text, err := fetch(ctx, client, address)
		if err != nil {
			return nil, fmt.Errorf("fetch keys: %w", err)
		}
		set, err := parseKeys(text, algs)
		if err != nil {
			return nil, fmt.Errorf("fetch keys: %w", err)
		}
		return set, nil
	}
}

func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the address is not valid")
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	req.Header.Set("User-Agent", "signalbox")
	resp, err := client.Do(req)
	if err != nil {
		if ue, ok := errors.AsType[*url.Error](err); ok { // its text has the address, and that may hold a password
			err = ue.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer has status %d", resp.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxKeyText+1))
	if err == nil && len(text) > maxKeyText {
		err = fmt.Errorf("the answer has more than %d bytes", maxKeyText)
	}
	return text, err
}
