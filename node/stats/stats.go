// Package stats counts what a node does: calls of services and requests of
// channels, their errors, times and what is in flight.
//
// It offers [Recorder], which the invoker and the channels tell of every call,
// and [Series], the live numbers of one name, which [Merge] adds up over nodes.
// The same counts are Prometheus metrics. Names come from the configuration,
// never from requests, so the number of series stays bounded.
//
// It keeps everything in memory: the counts since the node's start, and the last
// minute. It imports nothing of ours.
package stats

import (
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
	recent recent
}

// New returns a recorder whose counts reg collects; nil reg collects nothing.
func New(reg prometheus.Registerer) (*Recorder, error) {
	now := time.Now()
	r := &Recorder{since: now, recent: recent{windows: map[*series]*window{}, begin: now}}
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
	s.sumNS.Add(int64(took))
	s.buckets[bucketOf(took)].Add(1)
	for {
		old := s.maxNS.Load()
		if int64(took) <= old || s.maxNS.CompareAndSwap(old, int64(took)) {
			break
		}
	}
	s.count.Add(1) // last: who sees it sees the rest
}

// Series returns the numbers of every name that was used, by scope and name.
func (r *Recorder) Series() []Series {
	var out []Series
	now := time.Now()
	r.series.Range(func(k, v any) bool {
		out = append(out, r.one(k.(key), v.(*series), now)) //nolint:forcetypeassert // nothing else is stored
		return true
	})
	return Merge(out)
}

// Recent adds up what all names of one scope did in the last minute.
func (r *Recorder) Recent(scope Scope) Recent {
	var sum Recent
	now := time.Now()
	r.series.Range(func(k, v any) bool {
		if k.(key).scope == scope { //nolint:forcetypeassert // nothing else is stored
			sum.Add(r.recentOf(v.(*series), now)) //nolint:forcetypeassert // as above
		}
		return true
	})
	return sum
}

// Of returns the numbers of one name; zero ones when it was never used.
func (r *Recorder) Of(scope Scope, name string) Series {
	s, ok := r.series.Load(key{scope, name})
	if !ok {
		return Series{Scope: scope, Name: name, Since: r.since}
	}
	return r.one(key{scope, name}, s.(*series), time.Now()) //nolint:forcetypeassert // nothing else is stored
}

func (r *Recorder) one(k key, s *series, now time.Time) Series {
	t := s.tally()
	out := Series{Scope: k.scope, Name: k.name, Since: r.since, Total: t.since(&tally{}), Recent: r.recentOf(s, now)}
	out.Total.InFlight, out.Total.MaxNS = s.inFlight.Load(), s.maxNS.Load()
	return out
}
