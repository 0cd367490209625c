package admin_test

import (
	"context"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// The rig is a cluster of one node, to which no box can join; how nodes come
// together is tested with whole nodes.

func (b *box) Commit(context.Context, client.JoinCommit) (client.JoinSalt, error) {
	return client.JoinSalt{Salt: []byte("salt")}, nil
}

func (b *box) Join(_ context.Context, in client.JoinAsk, _ string) (client.JoinAnswer, error) {
	if in.Secret != "good" {
		return client.JoinAnswer{}, odb.Errorf(odb.Denied, "join cluster", in.Name, "the join token is not valid")
	}
	return client.JoinAnswer{State: odb.JoinWaiting, Code: "AB23-CD45"}, nil
}

func (b *box) Token() (id, hash, text string, err error) {
	id = odb.NewID()
	return id, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "sbj_" + id, nil
}

func (b *box) Problems(context.Context) []client.NodeProblem {
	var out []client.NodeProblem
	for _, p := range b.problemList() {
		out = append(out, client.NodeProblem{Node: "node-1", Problem: p})
	}
	return out
}

func (b *box) Topology(ctx context.Context) client.Topology {
	return client.Topology{Nodes: b.Nodes(ctx), Links: []client.Link{}, Parts: [][]string{{"node-1"}}}
}

func (b *box) Node(ctx context.Context, name string) (client.NodeDetail, error) {
	if name != "node-1" {
		return client.NodeDetail{}, odb.Errorf(odb.NotFound, "get node", name, "there is no such node")
	}
	return client.NodeDetail{
		Node: b.Nodes(ctx)[0], Connections: []client.Connection{}, Services: []client.Figures{}, Channels: []client.Figures{}, Problems: []odb.Problem{},
	}, nil
}

func (b *box) Rotate(ctx context.Context, name string, r odb.Rotation) (client.Node, error) {
	if name != "node-1" {
		return client.Node{}, odb.Errorf(odb.NotFound, "set rotation", name, "there is no such node")
	}
	n := b.Nodes(ctx)[0]
	n.Rotation = string(r)
	return n, nil
}

func (b *box) Remove(_ context.Context, name string) error {
	return odb.Errorf(odb.NotFound, "remove node", name, "there is no such node")
}

func (b *box) Restart(_ context.Context, name string) (client.Node, error) {
	return client.Node{}, odb.Errorf(odb.NotFound, "restart node", name, "there is no such node")
}

func (b *box) Certificates(context.Context) client.Certificates {
	until := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	return client.Certificates{
		Authority: client.Certificate{Subject: "CN=Signalbox cluster test", SHA256: "00ff", Until: until},
		Nodes:     []client.NodeCertificate{{Node: "node-1", Control: &client.Certificate{Serial: "1f", Until: until}}},
	}
}

func (b *box) GossipKeys(context.Context) []client.KeyedNode {
	return []client.KeyedNode{{Name: "node-1", Keys: []string{"0badcafe"}}}
}

func (b *box) RotateGossipKeys(context.Context) (client.KeyRotation, error) {
	return client.KeyRotation{Key: "0badcafe", Complete: true, Nodes: []client.KeyedNode{{Name: "node-1", Keys: []string{"0badcafe"}}}}, nil
}

func (b *box) Plan(context.Context, []string) (client.RestartPlan, error) {
	return client.RestartPlan{Possible: true, Checks: []client.RestartCheck{{ID: "answers", OK: true, Blocks: true}}, Nodes: []client.RestartStep{{Name: "node-1", State: client.StepWaiting}}}, nil
}

func (b *box) Begin(_ context.Context, names []string, wait time.Duration, by string) (client.RollingRestart, error) {
	if len(names) != 1 || names[0] != "node-1" {
		return client.RollingRestart{}, odb.Errorf(odb.NotFound, "begin restart", "", "there is no such node")
	}
	return client.RollingRestart{ID: "1", State: client.RestartRunning, By: by, TimeoutSeconds: int64(wait / time.Second), Nodes: []client.RestartStep{{Name: "node-1", State: client.StepWaiting}}}, nil
}

func (b *box) State(context.Context) (client.RollingRestart, error) {
	return client.RollingRestart{State: client.RestartNone, Nodes: []client.RestartStep{}}, nil
}

func (b *box) Abort(context.Context, string) (client.RollingRestart, error) {
	return client.RollingRestart{}, odb.Errorf(odb.Conflict, "abort restart", "", "none is under way")
}
