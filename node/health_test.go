package node_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/nodetest"
)

// A node is alive as long as its port answers, and tells how it is in a line.
func TestAlive(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := n.Alive(ctx); err != nil {
		t.Errorf("a node that works: %v", err)
	}
	if got := n.Health(); got.Nodes != 1 || got.Up != 1 || got.ODBAway || !strings.HasSuffix(got.String(), ", 1 of 1 nodes up") {
		t.Errorf("it is %+v: %s", got, got)
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := n.Alive(ctx); err == nil || !strings.Contains(err.Error(), "traffic port") {
		t.Errorf("a node that ended: %v", err)
	}
}
