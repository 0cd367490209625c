package app

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"signalbox.internal/node/admin/client"
)

// The budget of one cluster's connections. A peer that has become silent, even in the
// middle of a long poll, is given up after silence and patience together.
const (
	dialTime      = 3 * time.Second
	handshakeTime = 4 * time.Second
	silence       = 6 * time.Second
	patience      = 4 * time.Second
	maxConns      = 16
)

// failover is the way to one cluster: an http.RoundTripper that sends a request to the
// address that answered last and, only when that one certainly did nothing, to the
// others. The typed client and the proxy share one, and with it what it has learnt.
type failover struct {
	urls  []*url.URL
	base  *http.Transport
	last  atomic.Int64 // index of the address that answered last
	notes notes
}

// newFailover makes the way to a cluster that clean has accepted; it does not connect.
// changed is told when something was learnt about an address.
func newFailover(s SaveCluster, now func() time.Time, changed func()) (*failover, error) {
	f := &failover{notes: notes{now: now, changed: changed}, base: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTime, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:     pinnedTLS(s.Fingerprint),
		TLSHandshakeTimeout: handshakeTime,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 4,
		MaxConnsPerHost:     maxConns,
		DisableCompression:  true, // bytes pass as they are
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: patience},
	}}
	for _, raw := range s.URLs {
		u, err := url.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("read address: %w", err)
		}
		f.urls = append(f.urls, u)
		f.notes.all = append(f.notes.all, Address{URL: u.String(), State: StateUnknown})
	}
	if len(f.urls) == 0 {
		return nil, errors.New("read address: there is none")
	}
	return f, nil
}

// RoundTrip implements http.RoundTripper; the host of the request does not matter.
func (f *failover) RoundTrip(r *http.Request) (*http.Response, error) {
	body := &onceBody{ReadCloser: r.Body}
	defer body.end()
	first := int(f.last.Load())
	var failed error
	for n := range f.urls {
		i := (first + n) % len(f.urls)
		var sent atomic.Bool
		trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
		one := r.Clone(httptrace.WithClientTrace(r.Context(), trace))
		one.URL.Scheme, one.URL.Host, one.Host = f.urls[i].Scheme, f.urls[i].Host, f.urls[i].Host
		if r.Body != nil && r.Body != http.NoBody {
			one.Body = body
		}
		resp, err := f.base.RoundTrip(one)
		if err == nil {
			f.last.Store(int64(i))
			f.notes.tried(i, nil)
			return resp, nil
		}
		maybeDone := sent.Load() && r.Method != http.MethodGet && r.Method != http.MethodHead
		failed = &client.Unreachable{URL: f.urls[i].String(), Sent: maybeDone, Err: err}
		if r.Context().Err() != nil {
			return nil, failed
		}
		f.notes.tried(i, err)
		if maybeDone || body.used.Load() {
			f.skip(i)
			return nil, failed
		}
	}
	return nil, failed
}

// skip makes the next request begin with another address than i.
func (f *failover) skip(i int) {
	f.last.CompareAndSwap(int64(i), int64((i+1)%len(f.urls)))
}

// address returns the address that answered last.
func (f *failover) address() string { return f.urls[f.last.Load()].String() }

// close ends idle connections.
func (f *failover) close() { f.base.CloseIdleConnections() }

// onceBody is a body that several attempts may be given but only one may begin to
// read; it is closed when the last has ended.
type onceBody struct {
	io.ReadCloser
	used   atomic.Bool
	closed atomic.Bool
}

// Read implements io.Reader.
func (b *onceBody) Read(p []byte) (int, error) {
	b.used.Store(true)
	return b.ReadCloser.Read(p)
}

// Close keeps the body open for the next attempt.
func (b *onceBody) Close() error {
	if b.used.Load() {
		b.end()
	}
	return nil
}

func (b *onceBody) end() {
	if b.ReadCloser != nil && b.closed.CompareAndSwap(false, true) {
		_ = b.ReadCloser.Close()
	}
}
