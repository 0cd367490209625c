package node_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// Any node tells the figures of all of them, and names those that are missing.
func TestFiguresOfAllNodes(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	first.Deploy("hello", helloV1)
	first.Apply(channelAt("/hi"))
	second := joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
	for range 5 {
		first.Do("POST", "/hi", `{"name":"Ala"}`)
	}
	for range 7 {
		second.Do("POST", "/hi", `{"name":"Ala"}`)
	}
	second.Do("POST", "/hi", `{"name":`)
	both := client.Coverage{Nodes: 2, Of: 2, Missing: []string{}}
	nodetest.Eventually(t, func() error {
		s, err := first.API.Status(t.Context())
		if err != nil {
			return err
		}
		if s.Requests == nil {
			return fmt.Errorf("status has no requests: %+v", s)
		}
		if r := s.Requests.Recent; r.Count != 13 || r.Refused != 1 || r.PerSecond <= 0 || r.P99MS <= 0 || r.Seconds <= 0 || !sameCoverage(s.Requests.Coverage, both) {
			return fmt.Errorf("status says %+v", s.Requests)
		}
		if c := s.LastChange; c == nil || c.Revision != s.Revision || c.By == "" || time.Since(c.At) > time.Minute {
			return fmt.Errorf("the last change is %+v", c)
		}
		return nil
	})
	for name, n := range map[string]*nodetest.Node{"first": first, "second": second} {
		nodetest.Eventually(t, func() error {
			all, err := n.API.StatsOfAll(t.Context())
			if err != nil {
				return err
			}
			hello := figuresOf(all.Services, "hello.say")
			if hello.Count != 12 || hello.Recent.Count != 12 || hello.P99MS < hello.P50MS || !sameCoverage(all.Coverage, both) || figuresOf(all.Channels, "hi").Count != 13 {
				return fmt.Errorf("%s says of all: %+v", name, all)
			}
			return nil
		})
	}
	own, err := second.API.Stats(t.Context())
	if err != nil || figuresOf(own.Services, "hello.say").Count != 7 || own.Coverage.Of != 1 {
		t.Errorf("the second node says of itself: %+v, %v", own, err)
	}
	second.Stop()
	nodetest.Eventually(t, func() error {
		begun := time.Now()
		s, err := first.API.Status(t.Context())
		if err != nil {
			return err
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("the status took %v", took)
		}
		if !sameCoverage(s.Requests.Coverage, client.Coverage{Nodes: 1, Of: 2, Missing: []string{"second"}}) || s.Requests.Recent.Count != 5 {
			return fmt.Errorf("without the second node: %+v", s.Requests)
		}
		return nil
	})
}

func sameCoverage(a, b client.Coverage) bool {
	return a.Nodes == b.Nodes && a.Of == b.Of && slices.Equal(a.Missing, b.Missing)
}

func figuresOf(all []client.Figures, name string) client.Figures {
	for _, f := range all {
		if f.Service == name || f.Channel == name {
			return f
		}
	}
	return client.Figures{}
}
