package stats_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"signalbox.internal/node/stats"
)

// callFor counts n calls of a channel that take so long.
func callFor(r *stats.Recorder, channel string, n int, took time.Duration, status int) {
	for range n {
		r.ChannelStart(channel)
		r.ChannelEnd(channel, status, took)
	}
}

// Two nodes' series add up to what one node would have counted, also after they
// travelled as JSON. The mean of the two p99 would be far off.
func TestMergeIsWhatOneWouldHaveCounted(t *testing.T) {
	t.Parallel()
	a, b, both := recorder(t, nil), recorder(t, nil), recorder(t, nil)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 5000 {
		took, status := time.Duration(math.Exp(rng.Float64()*12))*time.Microsecond, 200
		node := a
		if i%10 == 0 {
			node, took, status = b, took*40, 500
		}
		callFor(node, "in", 1, took, status)
		callFor(both, "in", 1, took, status)
	}
	callFor(b, "other", 3, time.Millisecond, 404)
	text, err := json.Marshal(b.Series())
	if err != nil {
		t.Fatal(err)
	}
	var travelled []stats.Series
	if err := json.Unmarshal(text, &travelled); err != nil {
		t.Fatal(err)
	}
	merged := stats.Merge(a.Series(), travelled)
	if len(merged) != 2 || merged[0].Name != "in" || merged[1].Name != "other" || merged[1].Total.Refused != 3 {
		t.Fatalf("merged %+v", merged)
	}
	want := both.Of(stats.Channel, "in")
	for _, q := range []float64{0.5, 0.95, 0.99, 1} {
		if got := merged[0].Total.Quantile(q); got != want.Total.Quantile(q) {
			t.Errorf("quantile %v is %v, one node would have %v", q, got, want.Total.Quantile(q))
		}
		if got := merged[0].Recent.Quantile(q); got != want.Recent.Quantile(q) {
			t.Errorf("quantile %v of the last minute is %v, one node would have %v", q, got, want.Recent.Quantile(q))
		}
	}
	if got := merged[0].Total; got.Count != 5000 || got.Errors != 500 || got.Mean() != want.Total.Mean() || got.MaxNS != want.Total.MaxNS {
		t.Errorf("merged %+v, one node would have %+v", got, want.Total)
	}
}

// What is recent comes in at once and goes after a minute; what goes on does not
// begin anew.
func TestLastMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := recorder(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = r.Run(ctx) }()
		callFor(r, "in", 120, 2*time.Millisecond, 200)
		if got := r.Of(stats.Channel, "in").Recent; got.Count != 120 || got.PerSecond != 0 {
			t.Errorf("at once: %+v", got)
		}
		time.Sleep(30 * time.Second)
		callFor(r, "in", 30, 200*time.Millisecond, 503)
		time.Sleep(25 * time.Second)
		got := r.Recent(stats.Channel)
		if got.Count != 150 || got.Errors != 30 || got.Seconds != 55 || math.Abs(got.PerSecond-150.0/55) > 1e-9 || got.Quantile(0.99) < 199*time.Millisecond {
			t.Errorf("after 55 s: %+v", got)
		}
		time.Sleep(12 * time.Second)
		got = r.Recent(stats.Channel)
		if got.Count != 30 || got.Errors != 30 || got.Seconds < 60 || got.Seconds > 65 || got.Quantile(0.01) < 199*time.Millisecond {
			t.Errorf("after 67 s: %+v", got)
		}
		time.Sleep(time.Hour)
		callFor(r, "in", 1, time.Millisecond, 200)
		if got := r.Of(stats.Channel, "in"); got.Recent.Count != 1 || got.Recent.Errors != 0 || got.Total.Count != 151 {
			t.Errorf("an hour later: %+v", got)
		}
		cancel()
		synctest.Wait()
	})
}

// Another node may be of another version, or broken: its numbers end nothing.
func TestForeignBuckets(t *testing.T) {
	t.Parallel()
	c := stats.Counts{Count: 3, MaxNS: int64(time.Hour), Buckets: map[int]int64{-4: 1, 1 << 40: 1, 3: -7}}
	if got := c.Quantile(1); got <= 0 || got > time.Hour {
		t.Errorf("the longest is %v", got)
	}
}

func BenchmarkSeries(b *testing.B) {
	r := recorder(b, nil)
	for i := range 1000 {
		callFor(r, string(rune('a'+i)), 20, time.Duration(i)*time.Millisecond, 200)
	}
	for b.Loop() {
		r.Recent(stats.Channel)
	}
}
