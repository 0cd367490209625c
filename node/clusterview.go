package node

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
)

// Nodes implements admin.Cluster: what gossip, the ODB and each node itself say.
func (v clusterView) Nodes(ctx context.Context) []client.Node {
	return v.nodes(v.n.hellos(ctx))
}

// nodes describes the nodes and who of them hears whom.
func (v clusterView) nodes(all []said[hello]) []client.Node {
	seenBy := map[string][]string{} // by id
	for _, s := range all {
		for _, id := range s.Answer.Hears {
			if id != s.View.ID {
				seenBy[id] = append(seenBy[id], s.View.Name)
			}
		}
	}
	var out []client.Node
	for _, s := range all {
		n := v.node(s)
		n.SeenBy = append([]string{}, seenBy[n.ID]...)
		out = append(out, n)
	}
	return out
}

// Problems implements admin.Cluster.
func (v clusterView) Problems(ctx context.Context) []client.NodeProblem {
	var out []client.NodeProblem
	for _, s := range v.n.hellos(ctx) {
		for _, p := range s.Answer.Problems {
			out = append(out, client.NodeProblem{Node: s.View.Name, Problem: p})
		}
	}
	return out
}

func (v clusterView) node(s said[hello]) client.Node {
	m := s.View
	n := client.Node{
		Name: m.Name, ID: m.ID, State: string(m.State), Since: m.Since, Rotation: string(m.Rotation), Roles: m.Roles,
		Revision: m.Meta.Revision, Ready: m.Meta.Ready && m.State == cluster.Up, Version: cmp.Or(m.Meta.Version, m.Version),
		InFlight: int64(m.Meta.Load), Traffic: v.url("http", m.Traffic), Control: v.url("https", m.Control), Gossip: m.Gossip, Joined: m.Joined,
		Heard: m.Heard, Why: m.Why, Local: m.Local,
	}
	switch {
	case s.Err == nil:
		n.Revision, n.Ready, n.InFlight, n.PID, n.Problems = s.Answer.Revision, s.Answer.Ready, s.Answer.InFlight, s.Answer.PID, len(s.Answer.Problems)
		n.Started, n.Supervised = s.Answer.Started, s.Answer.Supervised
		if end := s.Answer.Certificate; !end.IsZero() {
			n.CertificateEnds = &end
		}
		if s.Answer.ODB != "up" {
			n.Why = "the ODB is away from it: " + s.Answer.ODB
		}
	case m.State == cluster.Up:
		n.Ready = false
		n.Why = fmt.Sprintf("it is up but does not answer on its control port: %v", s.Err)
	}
	if m.Local {
		info := v.n.Info()
		n.Traffic, n.Control, n.PID, n.Since = info.Traffic, info.Control, os.Getpid(), info.Started
	}
	return n
}

func (v clusterView) url(scheme, address string) string {
	if address == "" {
		return ""
	}
	if scheme == "http" && v.n.cfg.TrafficTLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + address
}

// count counts nodes by state and what the others could not put into force, and
// tells whether all that are up run a revision.
func (v clusterView) count(revision int64) (c client.NodeCounts, problems int, level bool) {
	level = true
	for _, m := range v.n.roster.Views() {
		if !m.Local && m.State == cluster.Up {
			problems += m.Meta.Problems
		}
		switch m.State {
		case cluster.Up:
			c.Up++
			if !m.Local && m.Meta.Revision < revision {
				level = false
			}
		case cluster.Down:
			c.Down++
		default:
			c.Unknown++
		}
	}
	return c, problems, level
}
