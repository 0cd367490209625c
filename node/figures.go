package node

import (
	"context"
	"sync"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/peer"
	"signalbox.internal/node/stats"
	"signalbox.internal/odb"
)

// How long the others have to tell their figures, a silent one less, and how long
// what they told is good for everybody who asks.
const (
	askFigures   = time.Second
	askSilent    = 300 * time.Millisecond
	figuresFresh = 2 * time.Second
)

// figures adds up what all nodes count.
type figures struct {
	n       *Node
	total   shortly[*client.Requests]
	byName  shortly[gathered]
	changed struct {
		sync.Mutex
		last *client.LastChange
	}
}

// gathered is the series of all nodes together.
type gathered struct {
	series   []stats.Series
	coverage client.Coverage
}

// shortly keeps an answer for a while. Who asks while it is fetched waits for it.
type shortly[T any] struct {
	mu    sync.Mutex
	at    time.Time
	value T
}

func (s *shortly[T]) get(fetch func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() || time.Since(s.at) > figuresFresh {
		s.value = fetch()
		s.at = time.Now()
	}
	return s.value
}

// gather asks every node for figures of one kind. The answer serves others, too, so
// it does not end with the request that began it.
func gather[T any](ctx context.Context, n *Node, path string, own func() T) ([]T, client.Coverage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFigures)
	defer cancel()
	all := askAll(ctx, n, func(context.Context) (T, error) { return own(), nil },
		func(ctx context.Context, t peer.Target) (out T, err error) {
			if v, ok := n.roster.View(t.ID); ok && v.State != cluster.Up {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, askSilent)
				defer cancel()
			}
			err = n.peers.Call(ctx, t, path, nil, &out)
			return out, err
		})
	var got []T
	c := client.Coverage{Of: len(all), Missing: []string{}}
	for _, s := range all {
		if s.Err != nil {
			c.Missing = append(c.Missing, s.View.Name)
			continue
		}
		c.Nodes++
		got = append(got, s.Answer)
	}
	return got, c
}

// ownRequests is what the channels of this node did in the last minute.
func (f *figures) ownRequests() stats.Recent {
	return f.n.recorder.Recent(stats.Channel)
}

// requests is what the channels of all nodes did in the last minute.
func (f *figures) requests(ctx context.Context) *client.Requests {
	return f.total.get(func() *client.Requests {
		got, coverage := gather(ctx, f.n, "/requests", f.ownRequests)
		var sum stats.Recent
		for _, one := range got {
			sum.Add(one)
		}
		return &client.Requests{Recent: recentOf(sum), Coverage: coverage}
	})
}

// stats implements the admin API's Stats.
func (f *figures) stats(ctx context.Context, all bool) client.Stats {
	if !all {
		return statsOf(gathered{f.n.recorder.Series(), client.Coverage{Nodes: 1, Of: 1}})
	}
	return statsOf(f.byName.get(func() gathered {
		got, coverage := gather(ctx, f.n, "/figures", f.n.recorder.Series)
		return gathered{stats.Merge(got...), coverage}
	}))
}

// lastChange tells of the newest revision; nil when there is none. It is read once
// for each revision, because one may hold thousands of changes.
func (f *figures) lastChange(ctx context.Context) (*client.LastChange, error) {
	revision, err := f.n.store.Revision(ctx)
	if err != nil || revision == 0 {
		return nil, err
	}
	f.changed.Lock()
	defer f.changed.Unlock()
	if last := f.changed.last; last != nil && last.Revision == revision {
		return last, nil
	}
	newest, err := f.n.store.History(ctx, odb.HistoryQuery{Limit: 1})
	if err != nil || len(newest) == 0 {
		return nil, err
	}
	r := newest[0]
	f.changed.last = &client.LastChange{Revision: r.Revision, At: r.At, By: r.Actor.Name, Reason: r.Reason}
	return f.changed.last, nil
}

// statsOf turns series into the API's figures.
func statsOf(g gathered) client.Stats {
	now := time.Now()
	out := client.Stats{Coverage: g.coverage}
	for _, s := range g.series {
		c := client.Figures{
			Count: s.Total.Count, Errors: s.Total.Errors, Refused: s.Total.Refused, InFlight: s.Total.InFlight, MeanMS: milliseconds(s.Total.Mean()),
			P50MS: milliseconds(s.Total.Quantile(0.50)), P95MS: milliseconds(s.Total.Quantile(0.95)), P99MS: milliseconds(s.Total.Quantile(0.99)),
			MaxMS: milliseconds(time.Duration(s.Total.MaxNS)), From: s.Since, To: now, Recent: recentOf(s.Recent),
		}
		if s.Scope == stats.Service {
			c.Service = s.Name
			out.Services = append(out.Services, c)
		} else {
			c.Channel = s.Name
			out.Channels = append(out.Channels, c)
		}
	}
	return out
}

func recentOf(r stats.Recent) client.Recent {
	return client.Recent{
		Seconds: r.Seconds, Count: r.Count, Errors: r.Errors, Refused: r.Refused, PerSecond: r.PerSecond, ErrorsPerSecond: r.ErrorsPerSecond,
		MeanMS: milliseconds(r.Mean()), P50MS: milliseconds(r.Quantile(0.50)), P95MS: milliseconds(r.Quantile(0.95)), P99MS: milliseconds(r.Quantile(0.99)),
	}
}
