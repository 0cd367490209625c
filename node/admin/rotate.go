package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
)

// One request re-seals so many definitions in one change set; the caller asks
// again until all are done. So nothing runs in the background, a kill leaves a
// rotation that the next request takes up, and others can write in between.
const (
	rotateBatch   = 100
	rotateTries   = 6
	rotateReason  = "rotate keys"
	rotationMark  = "key_rotation" // "running KEY" or "done KEY"
	rotationBegun = "running "
	rotationDone  = "done "
)

func (a *API) secretRoutes() []route {
	post := http.MethodPost
	return []route{
		{method: http.MethodGet, path: "/secrets", role: odb.Viewer, id: "listSecrets", summary: "Where the secrets of the configuration lie and which keys seal them; no secret is shown.", answer: client.Secrets{}, handle: a.listSecrets},
		{
			method: post, path: "/secrets/rotate", role: odb.Admin, id: "rotateKeys", timeout: 2 * time.Minute, body: client.RotateKeys{}, answer: client.Rotation{}, handle: a.rotateKeys,
			summary: "Make a new key and seal secrets anew with it, some definitions a request; ask again with the key of the answer until it is finished.",
		},
		{
			method: post, path: "/secrets/forget", role: odb.Admin, id: "forgetKeys", timeout: 5 * time.Minute, body: client.ForgetKeys{}, answer: client.ForgottenKeys{}, handle: a.forgetKeys,
			summary: "Take all keys but the primary away, once nothing of the configuration needs them. A dry run tells which earlier states do.",
		},
	}
}

func (a *API) listSecrets(c *call) (any, error) {
	snap, err := a.readable(c)
	if err != nil {
		return nil, err
	}
	out := client.Secrets{Keys: []client.SealKey{}, Secrets: []client.SecretPlace{}}
	uses := map[string]int{}
	eachSecret(snap, func(def odb.Definition, pointer, ref string) {
		p := client.SecretPlace{Kind: def.Kind, Name: def.Name, Pointer: pointer}
		if p.Scheme, _, _ = strings.Cut(ref, ":"); p.Scheme == "sealed" {
			p.Key = security.SealedBy(ref)
			uses[p.Key]++
		} else {
			p.Ref = ref
		}
		out.Secrets = append(out.Secrets, p)
	})
	for _, id := range a.cfg.Keys.IDs() {
		out.Keys = append(out.Keys, client.SealKey{ID: id, Primary: id == a.cfg.Keys.Primary(), Secrets: uses[id]})
		delete(uses, id)
	}
	for _, id := range keysOf(uses) {
		out.Keys = append(out.Keys, client.SealKey{ID: id, Missing: true, Secrets: uses[id]})
	}
	if mark, err := a.cfg.Store.Mark(c.Context(), rotationMark); err == nil {
		out.Rotating = strings.HasPrefix(mark.Value, rotationBegun)
	}
	return out, nil
}

// eachSecret visits the secrets of all definitions that this program can read.
func eachSecret(snap *odb.Snapshot, visit func(def odb.Definition, pointer, ref string)) {
	for def := range snap.All() {
		spec, _ := odb.Find[odb.Spec](snap, def.Kind, def.Name)
		if spec == nil {
			continue
		}
		_ = odb.EachSecret(spec, func(pointer string, s *odb.Secret) error {
			visit(def, pointer, s.Ref())
			return nil
		})
	}
}

func keysOf(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// rotateKeys does one part of a rotation.
func (a *API) rotateKeys(c *call) (any, error) {
	in, err := decode[client.RotateKeys](c)
	if err != nil {
		return nil, err
	}
	a.rotating.Lock()
	defer a.rotating.Unlock()
	snap, err := a.reader.newest(c.Context()) // that the ODB is there is known before a key is made
	if err != nil {
		return nil, err
	}
	key, err := a.rotationKey(c, in.Key)
	if err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		part := a.nextPart(snap, key, rotateBatch>>try)
		if len(part.changes) == 0 {
			part.Finished = true
			return part.Rotation, a.cfg.Store.SetMark(c.Context(), rotationMark, rotationDone+key)
		}
		rev, err := a.commit(c, rotateReason, part.changes)
		if err == nil {
			a.force(c, rev.Revision)
			part.Revision, part.Done = rev.Revision, part.Done+len(part.changes)
			return part.Rotation, nil
		}
		// Somebody has changed one of them since it was read: again, with what is so now.
		if problemOf(err).Status != http.StatusConflict || try == rotateTries {
			return nil, err
		}
		if snap, err = a.reader.newest(c.Context()); err != nil {
			return nil, err
		}
	}
}

// rotationKey returns the key that shall seal: of the rotation that was begun, or
// a fresh one.
func (a *API) rotationKey(c *call, asked string) (string, error) {
	primary := a.cfg.Keys.Primary()
	if asked != "" && asked != primary {
		return "", refuse(http.StatusConflict, client.CodeConflict, "that key does not seal any more: another rotation has begun since")
	}
	mark, err := a.cfg.Store.Mark(c.Context(), rotationMark)
	if err != nil && odb.KindOf(err) != odb.NotFound {
		return "", err
	}
	if asked != "" || mark.Value == rotationBegun+primary {
		return primary, nil
	}
	key, err := a.cfg.Keys.Rotate()
	if err != nil {
		return "", err
	}
	a.audit(c, "key made", "key", key)
	return key, a.cfg.Store.SetMark(c.Context(), rotationMark, rotationBegun+key)
}

// part is one part of a rotation: how far it is, and what comes next.
type part struct {
	client.Rotation
	changes []odb.Change
}

// nextPart re-seals at most n definitions that another key has sealed.
func (a *API) nextPart(snap *odb.Snapshot, key string, n int) part {
	p := part{Rotation: client.Rotation{Key: key, Failed: []client.UnsealProblem{}, Revision: snap.Revision()}}
	for def := range snap.All() {
		sealed, stale := sealedWith(snap, def, key)
		switch {
		case !sealed:
			continue
		case !stale:
			p.Done++
		case len(p.changes) < max(n, 1):
			spec, err := a.resealed(def)
			if err != nil {
				p.Failed = append(p.Failed, client.UnsealProblem{Kind: def.Kind, Name: def.Name, Reason: problemText(err)})
				break
			}
			p.changes = append(p.changes, odb.Change{Op: odb.Update, Kind: def.Kind, Name: def.Name, Base: def.Version, Spec: spec})
		}
		p.Total++
	}
	return p
}

// sealedWith reports whether a definition has sealed secrets, and whether one of
// them was sealed by another key. One that this program cannot read is both when
// its text says so.
func sealedWith(snap *odb.Snapshot, def odb.Definition, key string) (sealed, stale bool) {
	spec, _ := odb.Find[odb.Spec](snap, def.Kind, def.Name)
	if spec == nil {
		found := keysIn(def.Spec)
		return len(found) > 0, slices.ContainsFunc(found, func(id string) bool { return id != key })
	}
	_ = odb.EachSecret(spec, func(_ string, s *odb.Secret) error {
		if strings.HasPrefix(s.Ref(), "sealed:") {
			sealed, stale = true, stale || security.SealedBy(s.Ref()) != key
		}
		return nil
	})
	return sealed, stale
}

// resealed returns a definition's spec with its secrets sealed by the primary key.
func (a *API) resealed(def odb.Definition) (json.RawMessage, error) {
	spec, err := odb.Decode(def.Kind, def.Spec)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Sealer.Reseal(def.Kind, def.Name, def.Name, spec); err != nil {
		return nil, err
	}
	return odb.Encode(spec)
}

// problemText is what callers may know of an error.
func problemText(err error) string {
	p := problemOf(err)
	if len(p.Errors) > 0 {
		return odb.Faults(p.Errors).Error()
	}
	return p.Detail
}

// forgetKeys takes the old keys away, or tells what that would make unreadable.
func (a *API) forgetKeys(c *call) (any, error) {
	in, err := decode[client.ForgetKeys](c)
	if err != nil {
		return nil, err
	}
	a.rotating.Lock()
	defer a.rotating.Unlock()
	snap, err := a.reader.newest(c.Context())
	if err != nil {
		return nil, err
	}
	primary := a.cfg.Keys.Primary()
	for def := range snap.All() {
		if _, stale := sealedWith(snap, def, primary); stale {
			return nil, refuse(http.StatusConflict, client.CodeConflict, "%s is still sealed with another key than %s; rotate the keys first (signalbox secrets rotate)", def.Key(), primary)
		}
	}
	needed, err := a.neededKeys(c.Context())
	if err != nil {
		return nil, err
	}
	out := client.ForgottenKeys{Keys: []client.ForgottenKey{}}
	var ids []string
	for _, id := range a.cfg.Keys.IDs() {
		if id != primary {
			ids = append(ids, id)
			out.Keys = append(out.Keys, client.ForgottenKey{ID: id, First: needed[id].first, Last: needed[id].last})
		}
	}
	if in.DryRun || len(ids) == 0 {
		return out, nil
	}
	if err := a.cfg.Keys.Forget(ids...); err != nil {
		return nil, err
	}
	out.Done = true
	a.audit(c, "keys forgotten", "keys", ids)
	return out, nil
}

// span is the revisions from the first to the last whose state needs a key.
type span struct{ first, last int64 }

// historyPage is how many revisions are read at once.
const historyPage = 500

// neededKeys goes through the whole history and returns for each key which states
// of the configuration have a secret that it sealed.
func (a *API) neededKeys(ctx context.Context) (map[string]span, error) {
	spans := map[string]span{}
	now := map[string][]string{} // keys by the id of a definition
	for after := int64(0); ; {
		page, err := a.cfg.Store.History(ctx, odb.HistoryQuery{After: after, Limit: historyPage, Oldest: true})
		if err != nil {
			return nil, err
		}
		for _, rev := range page {
			for _, e := range rev.Changes {
				if now[e.ID] = keysIn(e.After); len(now[e.ID]) == 0 {
					delete(now, e.ID)
				}
			}
			for _, ids := range now {
				for _, id := range ids {
					s := spans[id]
					if s.first == 0 {
						s.first = rev.Revision
					}
					s.last = rev.Revision
					spans[id] = s
				}
			}
		}
		if len(page) < historyPage {
			return spans, nil
		}
		after = page[len(page)-1].Revision
	}
}

// keysIn returns the ids of the keys that sealed what stands in a spec's text.
func keysIn(spec json.RawMessage) []string {
	var out []string
	for _, text := range strings.Split(string(spec), `"sealed:`)[1:] {
		if id := security.SealedBy("sealed:" + text); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
