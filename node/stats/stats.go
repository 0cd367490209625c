// Package stats counts what a node does: calls of services and requests of
// channels, their errors, times and what is in flight.
//
// It offers [Recorder], which the invoker and the channels tell of every call,
// and [Figure], the live numbers of one name. The same counts are Prometheus
// metrics. Names come from the configuration, never from requests, so the
// number of series stays bounded.
//
// It keeps everything in memory since the node's start. It imports nothing of
// ours.
package stats

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Scope says what a figure is about.
type Scope string

// The scopes.
const (
	Service Scope = "service"
	Channel Scope = "channel"
)

// Figure is the live numbers of one service or channel since the node started.
type Figure struct {
	Scope    Scope     `json:"scope"`
	Name     string    `json:"name"`
	Count    int64     `json:"count"`     // ended
	Errors   int64     `json:"errors"`    // of them, ended in an error (channels: status 500 and up)
	Refused  int64     `json:"refused"`   // of them, refused (channels: status 400 to 499)
	InFlight int64     `json:"in_flight"` // started and not ended
	MeanMS   float64   `json:"mean_ms"`
	P50MS    float64   `json:"p50_ms"`
	P95MS    float64   `json:"p95_ms"`
	P99MS    float64   `json:"p99_ms"`
	MaxMS    float64   `json:"max_ms"`
	Since    time.Time `json:"since"`
}

// series counts one name. All fields may be used by any number of goroutines.
type series struct {
	count, errors, refused, inFlight, sumNS, maxNS atomic.Int64
	buckets                                        [bucketCount]atomic.Int64
}

type key struct {
	scope Scope
	name  string
}

// Recorder counts. It is a service.Observer and a channel.Observer.
type Recorder struct {
	since  time.Time
	series sync.Map // key → *series
}

// New returns a recorder whose counts reg collects; nil reg collects nothing.
func New(reg prometheus.Registerer) (*Recorder, error) {
	r := &Recorder{since: time.Now()}
	if reg == nil {
		return r, nil
	}
	return r, reg.Register(collector{r})
}

func (r *Recorder) of(scope Scope, name string) *series {
	k := key{scope, name}
	if s, ok := r.series.Load(k); ok {
		return s.(*series) //nolint:forcetypeassert // nothing else is stored
	}
	s, _ := r.series.LoadOrStore(k, new(series))
	return s.(*series) //nolint:forcetypeassert // nothing else is stored
}

// ServiceStart counts a call of a service in.
func (r *Recorder) ServiceStart(service string) { r.of(Service, service).inFlight.Add(1) }

// ServiceEnd counts a call of a service out; code is empty when it went well.
func (r *Recorder) ServiceEnd(service string, took time.Duration, code string) {
	s := r.of(Service, service)
	if code != "" {
		s.errors.Add(1)
	}
	s.end(took)
}

// ChannelStart counts a request to a channel in.
func (r *Recorder) ChannelStart(channel string) { r.of(Channel, channel).inFlight.Add(1) }

// ChannelEnd counts a request to a channel out.
func (r *Recorder) ChannelEnd(channel string, status int, took time.Duration) {
	s := r.of(Channel, channel)
	switch {
	case status >= 500:
		s.errors.Add(1)
	case status >= 400:
		s.refused.Add(1)
	}
	s.end(took)
}

func (s *series) end(took time.Duration) {
	s.inFlight.Add(-1)
	s.count.Add(1)
	s.sumNS.Add(int64(took))
	s.buckets[bucketOf(took)].Add(1)
	for {
		old := s.maxNS.Load()
		if int64(took) <= old || s.maxNS.CompareAndSwap(old, int64(took)) {
			return
		}
	}
}

// Figures returns the numbers of every name that was used, by scope and name.
func (r *Recorder) Figures() []Figure {
	var out []Figure
	r.series.Range(func(k, v any) bool {
		out = append(out, r.figure(k.(key), v.(*series))) //nolint:forcetypeassert // nothing else is stored
		return true
	})
	slices.SortFunc(out, func(a, b Figure) int {
		return strings.Compare(string(a.Scope)+"\x00"+a.Name, string(b.Scope)+"\x00"+b.Name)
	})
	return out
}

// Figure returns the numbers of one name; zero ones when it was never used.
func (r *Recorder) Figure(scope Scope, name string) Figure {
	s, ok := r.series.Load(key{scope, name})
	if !ok {
		return Figure{Scope: scope, Name: name, Since: r.since}
	}
	return r.figure(key{scope, name}, s.(*series)) //nolint:forcetypeassert // nothing else is stored
}

func (r *Recorder) figure(k key, s *series) Figure {
	f := Figure{
		Scope: k.scope, Name: k.name, Count: s.count.Load(), Errors: s.errors.Load(), Refused: s.refused.Load(),
		InFlight: s.inFlight.Load(), MaxMS: ms(time.Duration(s.maxNS.Load())), Since: r.since,
	}
	if f.Count > 0 {
		f.MeanMS = ms(time.Duration(s.sumNS.Load() / f.Count))
	}
	var counts [bucketCount]int64
	for i := range counts {
		counts[i] = s.buckets[i].Load()
	}
	f.P50MS = min(ms(quantile(counts[:], 0.50)), f.MaxMS)
	f.P95MS = min(ms(quantile(counts[:], 0.95)), f.MaxMS)
	f.P99MS = min(ms(quantile(counts[:], 0.99)), f.MaxMS)
	return f
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
