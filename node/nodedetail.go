package node

import (
	"context"
	"errors"
	"runtime"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// nodeFacts is what a node tells of itself beside [hello].
type nodeFacts struct {
	Hello       hello               `json:"hello"`
	Connections []client.Connection `json:"connections"`
	Stats       client.Stats        `json:"stats"`
	Memory      int64               `json:"memory"`
	Goroutines  int                 `json:"goroutines"`
	Go          string              `json:"go"`
}

// detail tells everything of this node.
func (n *Node) detail(ctx context.Context) nodeFacts {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return nodeFacts{
		Hello: n.hello(), Connections: connections{n.outgoing}.Connections(), Stats: n.figures.stats(ctx, false),
		Memory: int64(m.Sys - m.HeapReleased), Goroutines: runtime.NumGoroutine(), Go: runtime.Version(), //nolint:gosec // less than 2^63
	}
}

// Node implements admin.Cluster.
func (v clusterView) Node(ctx context.Context, name string) (client.NodeDetail, error) {
	m, err := v.find("get node", name)
	if err != nil {
		return client.NodeDetail{}, err
	}
	var f nodeFacts
	s := said[hello]{View: m}
	switch {
	case m.Local:
		f = v.n.detail(ctx)
	case m.State == cluster.Down:
		s.Err = errors.New("the node is down")
	default:
		ctx, cancel := context.WithTimeout(ctx, askPeers)
		defer cancel()
		s.Err = v.n.peers.Call(ctx, targetOf(m), "/detail", nil, &f)
	}
	s.Answer = f.Hello
	out := client.NodeDetail{
		Node: v.node(s), Connections: append([]client.Connection{}, f.Connections...), Services: append([]client.Figures{}, f.Stats.Services...),
		Channels: append([]client.Figures{}, f.Stats.Channels...), Problems: append([]odb.Problem{}, f.Hello.Problems...),
		MemoryBytes: f.Memory, Goroutines: f.Goroutines, GoVersion: f.Go,
	}
	out.Node.SeenBy = v.n.seenBy(ctx, m.ID)
	if s.Err != nil {
		out.Error = s.Err.Error()
	}
	return out, nil
}

// seenBy names the nodes that hear another.
func (n *Node) seenBy(ctx context.Context, id string) []string {
	out := []string{}
	for _, s := range n.hellos(ctx) {
		for _, heard := range s.Answer.Hears {
			if heard == id && s.View.ID != id {
				out = append(out, s.View.Name)
			}
		}
	}
	return out
}
