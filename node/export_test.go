package node

import "context"

// JoinFromBox is Join of a box that says it is another one than it is.
func JoinFromBox(ctx context.Context, cfg JoinConfig, box string) (Joined, error) {
	cfg.box = box
	return Join(ctx, cfg)
}

// Seeds are the addresses, beside those in the ODB, where the node looks for members.
func (n *Node) Seeds() []string { return n.seeds() }
