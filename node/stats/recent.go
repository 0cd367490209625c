package stats

import (
	"context"
	"sync"
	"time"
)

// The last minute is kept as so many steps of so long.
const (
	stepTime  = 5 * time.Second
	stepCount = 12
)

// window is the last minute of one name: what was counted in each step, as
// differences of the counts, so that counting itself stays as cheap as it is.
type window struct {
	steps [stepCount]Counts
	last  tally // the counts at the end of the newest step
}

// tally is the counts of a name at one moment.
type tally struct {
	count, errors, refused, sumNS int64
	buckets                       [bucketCount]int64
}

func (s *series) tally() tally {
	t := tally{count: s.count.Load(), errors: s.errors.Load(), refused: s.refused.Load(), sumNS: s.sumNS.Load()}
	for i := range t.buckets {
		t.buckets[i] = s.buckets[i].Load()
	}
	return t
}

// since returns what was counted between before and t.
func (t *tally) since(before *tally) Counts {
	c := Counts{
		Count: t.count - before.count, Errors: t.errors - before.errors, Refused: t.refused - before.refused, SumNS: t.sumNS - before.sumNS,
	}
	for i, n := range t.buckets {
		if n -= before.buckets[i]; n > 0 {
			if c.Buckets == nil {
				c.Buckets = map[int]int64{}
			}
			c.Buckets[i] = n
			c.MaxNS = int64(upperBound(i))
		}
	}
	return c
}

// recent knows the last minute of every name.
type recent struct {
	mu      sync.Mutex
	windows map[*series]*window
	begins  [stepCount]time.Time // of the steps that are kept
	step    int                  // steps so far
	begin   time.Time            // of the step that goes on
}

// Run keeps the last minute until ctx ends. Without it, recent is all that there
// was since the recorder was made.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(stepTime)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.endStep(time.Now())
		}
	}
}

// endStep ends the step that goes on; the oldest one is forgotten.
func (r *Recorder) endStep(now time.Time) {
	c := &r.recent
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := c.step % stepCount
	r.series.Range(func(_, v any) bool {
		s := v.(*series) //nolint:forcetypeassert // nothing else is stored
		w := c.windows[s]
		if w == nil {
			w = new(window)
			c.windows[s] = w
		}
		w.steps[slot] = Counts{}
		if s.count.Load() != w.last.count {
			t := s.tally()
			w.steps[slot], w.last = t.since(&w.last), t
		}
		return true
	})
	c.begins[slot], c.begin = c.begin, now
	c.step++
}

// recentOf adds up the steps that are kept of a name and the one that goes on.
func (r *Recorder) recentOf(s *series, now time.Time) Recent {
	c := &r.recent
	c.mu.Lock()
	defer c.mu.Unlock()
	var out Recent
	var last tally
	if w := c.windows[s]; w != nil {
		last = w.last
		for _, step := range w.steps {
			out.Counts.Add(step)
		}
	}
	if s.count.Load() != last.count {
		t := s.tally()
		out.Counts.Add(t.since(&last))
	}
	out.MaxNS = min(out.MaxNS, s.maxNS.Load())
	begin := c.begin
	if kept := min(c.step, stepCount); kept > 0 {
		begin = c.begins[(c.step-kept)%stepCount]
	}
	if out.Seconds = now.Sub(begin).Seconds(); out.Seconds > 0 {
		over := max(out.Seconds, 1) // a node that has just started is not infinitely fast
		out.PerSecond, out.ErrorsPerSecond = float64(out.Count)/over, float64(out.Errors)/over
	}
	return out
}
