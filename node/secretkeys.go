package node

import (
	"context"
	"slices"
	"time"

	"signalbox.internal/node/peer"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
)

// clusterKeys are the keys that seal secrets, on every node of the cluster. They
// implement admin.Keys.
type clusterKeys struct{ n *Node }

// IDs implements admin.Keys.
func (k clusterKeys) IDs() []string { return k.n.keyring.IDs() }

// Primary implements admin.Keys.
func (k clusterKeys) Primary() string { return k.n.keyring.Primary() }

// ringWord is what a node tells another about the keys that seal secrets.
type ringWord struct {
	Ring    []byte   `json:"ring,omitempty"`    // keys to have, all of them
	Promote string   `json:"promote,omitempty"` // the key to seal with
	Forget  []string `json:"forget,omitempty"`
}

// Rotate implements admin.Keys: all nodes that can be reached have the new key
// before this one seals with it. The others fetch it when they meet a secret that
// they cannot open.
func (k clusterKeys) Rotate() (string, error) {
	id, err := k.n.keyring.Draw()
	if err != nil {
		return "", err
	}
	k.tell(ringWord{Ring: k.n.keyring.Text()})
	if err := k.n.keyring.Promote(id); err != nil {
		return "", err
	}
	k.tell(ringWord{Promote: id})
	return id, nil
}

// Forget implements admin.Keys.
func (k clusterKeys) Forget(ids ...string) error {
	if err := k.n.keyring.Forget(ids...); err != nil {
		return err
	}
	k.tell(ringWord{Forget: ids})
	return nil
}

// tell hands a word to all other nodes.
func (k clusterKeys) tell(w ringWord) {
	ctx, cancel := context.WithTimeout(context.Background(), askPeers)
	defer cancel()
	for _, s := range askAll(ctx, k.n, func(context.Context) (struct{}, error) { return struct{}{}, nil }, askWith[struct{}](k.n, "/secret-keys", w)) {
		if s.Err != nil {
			k.n.log.Warn("node was not told of the keys that seal secrets; it asks for them when it needs them", "name", s.View.Name, "error", s.Err)
		}
	}
}

// takeRingWord does what another node tells of the keys that seal secrets.
func (n *Node) takeRingWord(_ context.Context, w ringWord) (struct{}, error) {
	if len(w.Ring) > 0 {
		if _, err := n.keyring.Adopt(w.Ring, nil); err != nil {
			return struct{}{}, err
		}
	}
	if w.Promote != "" {
		if err := n.keyring.Promote(w.Promote); err != nil {
			return struct{}{}, err
		}
	}
	forget := slices.DeleteFunc(slices.Clone(w.Forget), func(id string) bool { return id == n.keyring.Primary() })
	if len(forget) == 0 {
		return struct{}{}, nil
	}
	return struct{}{}, n.keyring.Forget(forget...)
}

// missingKeysEvery is how often the configuration is searched for secrets whose
// key this node does not have.
const missingKeysEvery = 500 * time.Millisecond

// keyFetcher gets keys that this node lacks, because it was off when they were
// made, from other nodes.
type keyFetcher struct{ n *Node }

// Run looks at each new revision until ctx ends.
func (f keyFetcher) Run(ctx context.Context) error {
	tick := time.NewTicker(missingKeysEvery)
	defer tick.Stop()
	looked := int64(-1)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		snap := f.n.rec.Snapshot()
		if snap.Revision() == looked {
			continue
		}
		if f.fetch(ctx, missingKeys(snap, f.n.keyring.IDs())) {
			looked = snap.Revision()
		}
	}
}

// beforeForce is how long a new configuration waits for keys that it needs.
const beforeForce = 3 * time.Second

// before gets the keys that a configuration needs before it is put into force, so
// that a node that comes back does not refuse who has the right credentials.
func (f keyFetcher) before(ctx context.Context, snap *odb.Snapshot) {
	missing := missingKeys(snap, f.n.keyring.IDs())
	if len(missing) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, beforeForce)
	defer cancel()
	if err := f.n.roster.Refresh(ctx); err != nil {
		f.n.log.DebugContext(ctx, "list of nodes cannot be read", "error", err)
	}
	if !f.fetch(ctx, missing) {
		f.n.log.WarnContext(ctx, "no node that can be reached has the keys of some secrets; what needs them is not in force yet", "keys", missing)
	}
}

// missingKeys returns the ids of keys that seal something and are not in have.
func missingKeys(snap *odb.Snapshot, have []string) []string {
	var missing []string
	for def := range snap.All() {
		spec, _ := odb.Find[odb.Spec](snap, def.Kind, def.Name)
		if spec == nil {
			continue
		}
		_ = odb.EachSecret(spec, func(_ string, s *odb.Secret) error { // visit returns no error
			if id := security.SealedBy(s.Ref()); id != "" && !slices.Contains(have, id) && !slices.Contains(missing, id) {
				missing = append(missing, id)
			}
			return nil
		})
	}
	return missing
}

// fetch asks the other nodes for keys and reports whether none is missing then.
func (f keyFetcher) fetch(ctx context.Context, missing []string) bool {
	for _, v := range f.n.roster.Views() {
		if len(missing) == 0 {
			break
		}
		if v.Local || v.Control == "" {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, askPeers)
		var ring []byte
		err := f.n.peers.Call(ctx, peer.Target{ID: v.ID, Control: v.Control}, "/secret-ring", nil, &ring)
		cancel()
		if err != nil {
			continue
		}
		added, err := f.n.keyring.Adopt(ring, missing)
		if err != nil {
			f.n.log.WarnContext(ctx, "keys of another node cannot be taken over", "name", v.Name, "error", err)
			continue
		}
		if len(added) > 0 {
			f.n.log.InfoContext(ctx, "keys that seal secrets taken over from another node", "name", v.Name, "keys", added)
			missing = slices.DeleteFunc(missing, func(id string) bool { return slices.Contains(added, id) })
			f.n.rec.hint()
		}
	}
	return len(missing) == 0
}
