package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"signalbox.internal/cluster"
)

// crowd is many members of gossip in this process, with the sockets and the
// tunings of a wired network.
type crowd struct {
	boxes []*cluster.Gossip
	stop  context.CancelFunc
	g     sync.WaitGroup

	mu        sync.Mutex
	heard     map[int64]int // revision to how many were told of it
	addresses []string      // of all, as nodes know them from the ODB
}

// gossip measures what membership costs and how soon a hint is everywhere.
func (b *bench) gossip(ctx context.Context) error {
	sizes, window := []int{10, 20, 30, 40, 50}, 20*time.Second
	if b.short {
		sizes, window = []int{10}, 2*time.Second
	}
	for _, size := range sizes {
		if err := b.crowd(ctx, size, window); err != nil {
			return fmt.Errorf("%d members: %w", size, err)
		}
	}
	return nil
}

func (b *bench) crowd(ctx context.Context, size int, window time.Duration) error {
	c, err := gather(ctx, filepath.Join(b.dir, fmt.Sprintf("gossip%d", size)), size)
	defer c.end()
	if err != nil {
		return err
	}
	bytes, used, err := c.idle(ctx, window)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("idle gossip of %d members, sent by each", size)
	if size == 10 {
		b.add(name, bytes < 3000, "under 3 kB/s", "%.2f kB/s, %.2f ms CPU/s", bytes/1000, used)
	} else {
		b.add(name, true, told, "%.2f kB/s, %.2f ms CPU/s", bytes/1000, used)
	}
	if size != 50 && !b.short {
		return nil
	}
	var slowest time.Duration
	for revision := range int64(10) {
		took, err := c.hint(ctx, revision+1)
		if err != nil {
			return err
		}
		slowest = max(slowest, took)
	}
	b.add(fmt.Sprintf("a hint, to the last of %d members, worst of 10", size), slowest < time.Second, "under 1 s", "%d ms", slowest.Milliseconds())
	return nil
}

// gather starts members and waits until all see all.
func gather(ctx context.Context, dir string, size int) (*crowd, error) {
	ctx, stop := context.WithCancel(ctx)
	c := &crowd{stop: stop, heard: map[int64]int{}}
	ring := cluster.GossipRing{Keys: [][]byte{cluster.NewGossipKey()}}
	for i := range size {
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return c, err
		}
		path := filepath.Join(sub, cluster.GossipKeysFile)
		if err := cluster.WriteGossipKeys(path, ring); err != nil {
			return c, err
		}
		keys, err := cluster.OpenGossipKeys(path)
		if err != nil {
			return c, err
		}
		if err := c.member(ctx, i, keys); err != nil {
			return c, err
		}
	}
	return c, until(ctx, time.Minute, func() bool {
		for _, box := range c.boxes {
			up := 0
			for _, m := range box.Members() {
				if m.State == cluster.Up {
					up++
				}
			}
			if up != size {
				return false
			}
		}
		return true
	})
}

func (c *crowd) member(ctx context.Context, i int, keys *cluster.GossipKeys) error {
	tcp, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by gossip
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String()) //nolint:noctx // as above
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	box, err := cluster.NewGossip(cluster.GossipConfig{
		NodeID: fmt.Sprintf("%026d", i), Cluster: "bench", Keys: keys, Listener: tcp, Packets: udp, Profile: cluster.Wired,
		Meta: cluster.Meta{
			Name: fmt.Sprintf("box%d", i), Traffic: "192.168.100.100:11223", Control: "192.168.100.100:11224",
			Roles: []string{"server", "balancer"}, Revision: 1234, Ready: true, Version: "1.2.3",
		},
		Seeds: c.seeds, Log: slog.New(slog.DiscardHandler),
		OnEvent: func(e cluster.Event) {
			if e.Type == cluster.Hinted {
				c.mu.Lock()
				c.heard[e.Revision]++
				c.mu.Unlock()
			}
		},
	})
	if err != nil {
		return errors.Join(err, tcp.Close(), udp.Close())
	}
	c.boxes = append(c.boxes, box)
	c.mu.Lock()
	c.addresses = append(c.addresses, box.Address())
	c.mu.Unlock()
	c.g.Go(func() { _ = box.Run(ctx) }) // it ends with ctx
	return nil
}

func (c *crowd) seeds() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.addresses)
}

func (c *crowd) end() {
	c.stop()
	c.g.Wait()
}

// idle returns the bytes that each sends a second when nothing happens, and the
// milliseconds of CPU that each uses a second.
func (c *crowd) idle(ctx context.Context, window time.Duration) (bytes, cpu float64, err error) {
	var before, after syscall.Rusage
	sent := func() (sum int64) {
		for _, box := range c.boxes {
			s, _ := box.Bytes()
			sum += s
		}
		return sum
	}
	if err := pause(ctx, min(window, 5*time.Second)); err != nil { // the news of the start die down
		return 0, 0, err
	}
	was, begun := sent(), time.Now()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return 0, 0, err
	}
	if err := pause(ctx, window); err != nil {
		return 0, 0, err
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return 0, 0, err
	}
	each := time.Since(begun).Seconds() * float64(len(c.boxes))
	used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	return float64(sent()-was) / each, float64(used) / 1e6 / each, nil
}

// hint has one member tell of a revision and returns when the last one knows.
func (c *crowd) hint(ctx context.Context, revision int64) (time.Duration, error) {
	begun := time.Now()
	c.boxes[int(revision)%len(c.boxes)].Hint(revision)
	err := until(ctx, 10*time.Second, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.heard[revision] == len(c.boxes)-1
	})
	return time.Since(begun), err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// until waits for a condition.
func until(ctx context.Context, within time.Duration, ok func() bool) error {
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s", within)
		}
		if err := pause(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
