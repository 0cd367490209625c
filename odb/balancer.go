package odb

import "strconv"

// BalancerSpec says how the traffic port of every node admits requests. A
// cluster has at most one; without it the defaults hold.
type BalancerSpec struct {
	MaxInFlight    int      `json:"max_in_flight" title:"Most requests at a time" help:"Requests beyond it wait for queue_for, then get 503. Counted per node." default:"2048" min:"1" max:"1000000"`
	QueueFor       Duration `json:"queue_for" title:"Queue for" help:"How long a request beyond max_in_flight may wait for its turn." default:"1s"`
	TrustedProxies []string `json:"trusted_proxies" title:"Trusted proxies" help:"Addresses whose X-Forwarded-For is believed; from all others it is dropped." example:"10.0.0.5"`
	Description    string   `json:"description" title:"Description" help:"For people." multiline:"true"`
}

// Validate checks the proxies' addresses.
func (s *BalancerSpec) Validate() Faults {
	var f Faults
	for i, a := range s.TrustedProxies {
		if _, err := ParsePrefix(a); err != nil {
			f.Add("/trusted_proxies/"+strconv.Itoa(i), "%v", err)
		}
	}
	return f
}

// Claims allows one balancer a cluster.
func (s *BalancerSpec) Claims() []string { return []string{"is the one balancer"} }
