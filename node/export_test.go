package node

import (
	"context"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// JoinFromBox is Join of a box that says it is another one than it is.
func JoinFromBox(ctx context.Context, cfg JoinConfig, box string) (Joined, error) {
	cfg.box = box
	return Join(ctx, cfg)
}

// Seeds are the addresses, beside those in the ODB, where the node looks for members.
func (n *Node) Seeds() []string { return n.seeds() }

// LoadRolling reads the state of a rolling restart.
func LoadRolling(ctx context.Context, marks odb.Marks) (client.RollingRestart, error) {
	r, _, err := loadRolling(ctx, marks)
	return r, err
}

// SaveRolling writes the state of a rolling restart.
func SaveRolling(ctx context.Context, marks odb.Marks, r client.RollingRestart) error {
	return saveRolling(ctx, marks, r)
}
