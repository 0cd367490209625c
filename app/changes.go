package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pollFor is how long a poll for changes waits.
const pollFor = 25 * time.Second

// changes numbers what changed. Of each kind of change of each cluster it keeps only
// the last, so it never grows beyond the list and nobody can be too late for it.
type changes struct {
	epoch string // of this run

	mu   sync.Mutex
	next int64
	last map[Change]int64
	wake chan struct{} // closed at the next change
}

func newChanges(epoch string) *changes {
	return &changes{epoch: epoch, next: 1, last: map[Change]int64{}, wake: make(chan struct{})}
}

// add tells of a change.
func (c *changes) add(kind ChangeType, cluster string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[Change{Type: kind, Cluster: cluster}] = c.next
	c.next++
	close(c.wake)
	c.wake = make(chan struct{})
}

// forget drops the changes of a cluster that is gone.
func (c *changes) forget(cluster string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.last {
		if k.Cluster == cluster {
			delete(c.last, k)
		}
	}
}

// after returns what changed after a cursor and waits for something until ctx ends.
// An empty cursor gives the present one at once.
func (c *changes) after(ctx context.Context, cursor string) Changes {
	for {
		got, wake := c.since(cursor)
		if wake == nil {
			return got
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return got
		}
	}
}

// since returns what there is; wake is nil when that is an answer already.
func (c *changes) since(cursor string) (got Changes, wake chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	got = Changes{Changes: []Change{}, Cursor: c.epoch + "-" + strconv.FormatInt(c.next, 10)}
	if cursor == "" {
		return got, nil
	}
	epoch, number, _ := strings.Cut(cursor, "-")
	from, err := strconv.ParseInt(number, 10, 64)
	if err != nil || epoch != c.epoch || from < 1 || from > c.next {
		got.Reset = true
		return got, nil
	}
	for k, n := range c.last {
		if n >= from {
			got.Changes = append(got.Changes, k)
		}
	}
	slices.SortFunc(got.Changes, func(a, b Change) int { return cmp.Compare(c.last[a], c.last[b]) })
	if len(got.Changes) > 0 {
		return got, nil
	}
	return got, c.wake
}
