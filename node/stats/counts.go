package stats

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Counts are numbers that add up: those of one name on several nodes, or of
// several names. Quantiles come from the sum of the buckets, never from other
// quantiles.
type Counts struct {
	Count    int64         `json:"count"`   // ended
	Errors   int64         `json:"errors"`  // of them, ended in an error (channels: status 500 and up)
	Refused  int64         `json:"refused"` // of them, refused (channels: status 400 to 499)
	InFlight int64         `json:"in_flight"`
	SumNS    int64         `json:"sum_ns"`
	MaxNS    int64         `json:"max_ns"`
	Buckets  map[int]int64 `json:"buckets,omitempty"` // those that are not empty
}

// Add adds the numbers of o.
func (c *Counts) Add(o Counts) {
	c.Count += o.Count
	c.Errors += o.Errors
	c.Refused += o.Refused
	c.InFlight += o.InFlight
	c.SumNS += o.SumNS
	c.MaxNS = max(c.MaxNS, o.MaxNS)
	if c.Buckets == nil && len(o.Buckets) > 0 {
		c.Buckets = make(map[int]int64, len(o.Buckets))
	}
	for i, n := range o.Buckets {
		c.Buckets[i] += n
	}
}

// Mean returns the mean time; 0 when nothing was counted.
func (c Counts) Mean() time.Duration {
	if c.Count == 0 {
		return 0
	}
	return time.Duration(c.SumNS / c.Count)
}

// Quantile returns the time that a share q of all counted ones did not pass.
func (c Counts) Quantile(q float64) time.Duration {
	var counts [bucketCount]int64
	for i, n := range c.Buckets {
		counts[min(max(i, 0), bucketCount-1)] += max(n, 0) // they may be another node's
	}
	return min(quantile(counts[:], q), time.Duration(c.MaxNS))
}

// Recent is what happened in about the last minute.
type Recent struct {
	Counts
	Seconds         float64 `json:"seconds"`           // how long it covers
	PerSecond       float64 `json:"per_second"`        // calls that ended
	ErrorsPerSecond float64 `json:"errors_per_second"` // of them, those that ended in an error
}

// Add adds the numbers of o, which may cover another length: rates add up, too.
func (r *Recent) Add(o Recent) {
	r.Counts.Add(o.Counts)
	r.Seconds = max(r.Seconds, o.Seconds)
	r.PerSecond += o.PerSecond
	r.ErrorsPerSecond += o.ErrorsPerSecond
}

// Series is the numbers of one service or channel since the node started, and in
// the last minute.
type Series struct {
	Scope  Scope     `json:"scope"`
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	Total  Counts    `json:"total"`
	Recent Recent    `json:"recent"`
}

// Merge adds up series of equal scope and name, as of several nodes, and sorts
// them by scope and name. Since becomes the earliest.
func Merge(nodes ...[]Series) []Series {
	all := map[key]*Series{}
	for _, s := range slices.Concat(nodes...) {
		k := key{s.Scope, s.Name}
		one := all[k]
		if one == nil {
			one = &Series{Scope: s.Scope, Name: s.Name, Since: s.Since}
			all[k] = one
		}
		if s.Since.Before(one.Since) {
			one.Since = s.Since
		}
		one.Total.Add(s.Total)
		one.Recent.Add(s.Recent)
	}
	out := make([]Series, 0, len(all))
	for s := range maps.Values(all) {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Series) int {
		return cmp.Or(strings.Compare(string(a.Scope), string(b.Scope)), strings.Compare(a.Name, b.Name))
	})
	return out
}
