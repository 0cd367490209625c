package discovery

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// mostFound is how many nodes one answer holds: anybody may announce.
const mostFound = 1000

// AskConfig says how to ask who is there.
type AskConfig struct {
	For     time.Duration // how long announcements are awaited
	Port    int           // UDP; 0: Port
	Targets []string      // addresses that are asked beside the local networks
	Log     *slog.Logger  // nil means slog.Default()
}

// Ask asks on the local networks which nodes are there and returns those that answered
// with an address, at most a thousand, by cluster, authority and name. Nothing of them is
// proved.
func Ask(ctx context.Context, cfg AskConfig) ([]Beacon, error) {
	var mu sync.Mutex
	found := map[string]Beacon{}
	s, err := New(ctx, Config{
		Beacon: func() Beacon { return Beacon{Ask: true} }, Port: cfg.Port, Targets: cfg.Targets, Every: time.Second, Log: cfg.Log,
		Found: func(b Beacon) {
			if len(b.Control) == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			key := b.CA + " " + b.Node
			if _, known := found[key]; known || len(found) < mostFound {
				found[key] = b
			}
		},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.For)
	defer cancel()
	if err := s.Run(ctx); err != nil {
		return nil, err
	}
	out := make([]Beacon, 0, len(found))
	for _, b := range found {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Beacon) int {
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.CA, b.CA), strings.Compare(a.Node, b.Node))
	})
	return out, nil
}
