package node

import (
	"context"
	"sync/atomic"
	"time"

	"signalbox.internal/lb"
	"signalbox.internal/odb"
)

// limitsManager hands the balancer definition to the balancer.
type limitsManager struct {
	cur atomic.Pointer[lb.Limits]
}

func newLimitsManager() *limitsManager {
	m := &limitsManager{}
	m.cur.Store(&lb.Limits{MaxInFlight: 2048, QueueFor: time.Second})
	return m
}

// Limits returns what is in force.
func (m *limitsManager) Limits() lb.Limits { return *m.cur.Load() }

// Apply takes the cluster's balancer definition; without one the defaults hold.
func (m *limitsManager) Apply(_ context.Context, snap *odb.Snapshot) []odb.Problem {
	next := lb.Limits{MaxInFlight: 2048, QueueFor: time.Second}
	for _, b := range odb.Each[*odb.BalancerSpec](snap) {
		next = lb.Limits{MaxInFlight: b.S.MaxInFlight, QueueFor: b.S.QueueFor.Std()}
		for _, p := range b.S.TrustedProxies {
			prefix, err := odb.ParsePrefix(p)
			if err != nil {
				return []odb.Problem{{Kind: b.Kind, Name: b.Name, Reason: err.Error()}}
			}
			next.TrustedProxies = append(next.TrustedProxies, prefix)
		}
	}
	m.cur.Store(&next)
	return nil
}
