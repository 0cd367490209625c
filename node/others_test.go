package node

import (
	"testing"

	"signalbox.internal/cluster"
	"signalbox.internal/node/member"
)

// A node that comes up while others prepare a deployment was not asked, and does not
// refuse it: it is ready only when it is level.
func TestComingUpRefusesNoDeployment(t *testing.T) {
	t.Parallel()
	for _, state := range []cluster.State{cluster.Unknown, cluster.Down} {
		// Without a node behind it, a second look at how it is now would panic.
		if (others{}).counts(t.Context(), said[struct{}]{View: member.View{State: state}, Err: errNotUp}) {
			t.Errorf("a node that was %s at the beginning counts", state)
		}
	}
}
