package admin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// seal makes n security definitions s000, s001 … with the password pw000 ….
func seal(t *testing.T, r *rig, n int) {
	t.Helper()
	var docs strings.Builder
	for i := range n {
		fmt.Fprintf(&docs, "kind: security\nname: s%03d\nspec: {type: basic, username: u, password: pw%03d}\n---\n", i, i)
	}
	docs.WriteString("kind: security\nname: outside\nspec: {type: basic, username: u, password: {ref: env:PW}}\n")
	in := client.ApplyRequest{Documents: []client.Document{{Name: "f", Text: docs.String()}}}
	must2(r.as(t, odb.Developer).Apply(t.Context(), in))(t)
}

// keysInUse checks that every sealed password opens and returns the keys that seal them.
func keysInUse(t *testing.T, r *rig) []string {
	t.Helper()
	snap := must2(r.store.Load(t.Context()))(t)
	for _, d := range odb.Each[*odb.SecuritySpec](snap) {
		if !strings.HasPrefix(d.S.Password.Ref(), "sealed:") {
			continue
		}
		text, err := r.sealer.Open("security", d.Name, "/password", d.S.Password)
		if err != nil || text != "pw"+d.Name[1:] {
			t.Errorf("%s opens to %q, %v", d.Name, text, err)
		}
	}
	var used []string
	for _, k := range must2(r.as(t, odb.Viewer).Secrets(t.Context()))(t).Keys {
		if k.Secrets > 0 {
			used = append(used, k.ID)
		}
	}
	return used
}

// rotate asks until the rotation is finished and returns the last answer.
func rotate(t *testing.T, c *client.Client) client.Rotation {
	t.Helper()
	var in client.RotateKeys
	for range 100 {
		out := must2(c.RotateKeys(t.Context(), in))(t)
		if out.Finished {
			return out
		}
		in.Key = out.Key
	}
	t.Fatal("the rotation does not end")
	return client.Rotation{}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	adm := r.as(t, odb.Admin)
	seal(t, r, 3)
	first := r.ring.Primary()
	if used := keysInUse(t, r); !slices.Equal(used, []string{first}) {
		t.Fatalf("keys in use are %v, want %s", used, first)
	}
	done := rotate(t, adm)
	if done.Key == first || done.Key != r.ring.Primary() || done.Total != 3 || done.Done != 3 || len(done.Failed) != 0 {
		t.Errorf("rotated %+v", done)
	}
	if used := keysInUse(t, r); !slices.Equal(used, []string{done.Key}) {
		t.Errorf("keys in use are %v, want %s", used, done.Key)
	}
	hist := must2(adm.History(t.Context(), client.HistoryQuery{Limit: 1}))(t).Items[0]
	if hist.Reason != "rotate keys" || hist.Actor != "admin" || len(hist.Changes) != 3 {
		t.Errorf("the history says %+v", hist)
	}
	list := must2(adm.Secrets(t.Context()))(t)
	if len(list.Keys) != 2 || list.Keys[0].ID != first || list.Keys[0].Primary || !list.Keys[1].Primary || list.Rotating || len(list.Secrets) != 4 {
		t.Errorf("the list is %+v", list)
	}
	for _, s := range list.Secrets {
		sealed := s.Scheme == "sealed" && s.Key == done.Key && s.Ref == ""
		outside := s.Name == "outside" && s.Scheme == "env" && s.Ref == "env:PW" && s.Key == ""
		if s.Kind != "security" || s.Pointer != "/password" || sealed == outside {
			t.Errorf("a secret is listed as %+v", s)
		}
	}

	// The old key is needed for the states before the rotation, and only for them.
	span := client.ForgottenKey{ID: first, First: 2, Last: hist.Revision - 1}
	dry := must2(adm.ForgetKeys(t.Context(), client.ForgetKeys{DryRun: true}))(t)
	if dry.Done || !slices.Equal(dry.Keys, []client.ForgottenKey{span}) || len(r.ring.IDs()) != 2 {
		t.Errorf("the dry run says %+v, want %+v", dry, span)
	}
	must2(adm.Rollback(t.Context(), client.RollbackRequest{Revision: 2}))(t)
	problemOf(t, second(adm.ForgetKeys(t.Context(), client.ForgetKeys{})), 409)
	again := rotate(t, adm)
	if used := keysInUse(t, r); again.Key == done.Key || !slices.Equal(used, []string{again.Key}) {
		t.Errorf("keys in use are %v, want %s", used, again.Key)
	}
	gone := must2(adm.ForgetKeys(t.Context(), client.ForgetKeys{}))(t)
	if !gone.Done || len(gone.Keys) != 2 || gone.Keys[0].Last != gone.Keys[1].Last+1 || !slices.Equal(r.ring.IDs(), []string{again.Key}) {
		t.Errorf("forgotten %+v; the ring has %v", gone, r.ring.IDs())
	}
	if more := must2(adm.ForgetKeys(t.Context(), client.ForgetKeys{}))(t); more.Done || len(more.Keys) != 0 {
		t.Errorf("forgotten once more: %+v", more)
	}
	keysInUse(t, r)
	for _, want := range []string{`"action":"key made"`, `"action":"keys forgotten"`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

// A rotation goes in parts. One that was left in the middle is taken up with the
// same key; what is asked for a key that was replaced is refused.
func TestRotateInParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	adm := r.as(t, odb.Admin)
	seal(t, r, 250)
	first := must2(adm.RotateKeys(t.Context(), client.RotateKeys{}))(t)
	if first.Finished || first.Total != 250 || first.Done != 100 {
		t.Fatalf("the first part is %+v", first)
	}
	if l := must2(adm.Secrets(t.Context()))(t); !l.Rotating || l.Keys[0].Secrets != 150 || l.Keys[1].Secrets != 100 {
		t.Errorf("in the middle: rotating %t, keys %+v", l.Rotating, l.Keys)
	}
	keysInUse(t, r) // all of them open in the middle
	problemOf(t, second(adm.ForgetKeys(t.Context(), client.ForgetKeys{DryRun: true})), 409)
	next := must2(adm.RotateKeys(t.Context(), client.RotateKeys{}))(t)
	if next.Key != first.Key || next.Done != 200 || next.Finished {
		t.Errorf("taken up: %+v", next)
	}
	if done := rotate(t, adm); done.Key != first.Key || done.Done != 250 {
		t.Errorf("finished: %+v", done)
	}
	if used := keysInUse(t, r); !slices.Equal(used, []string{first.Key}) {
		t.Errorf("keys in use are %v", used)
	}
	fresh := must2(adm.RotateKeys(t.Context(), client.RotateKeys{}))(t)
	if fresh.Key == first.Key {
		t.Error("a new rotation has the old key")
	}
	problemOf(t, second(adm.RotateKeys(t.Context(), client.RotateKeys{Key: first.Key})), 409)
}

// meddler is a store in which somebody changes a definition just before each of
// the first change sets of a rotation.
type meddler struct {
	odb.Store
	left   atomic.Int32
	meddle func(ctx context.Context)
}

func (m *meddler) Apply(ctx context.Context, set odb.ChangeSet) (odb.Revision, error) {
	if set.Reason == "rotate keys" && m.left.Add(-1) >= 0 {
		m.meddle(ctx)
	}
	return m.Store.Apply(ctx, set)
}

func TestRotateMeetsOtherChanges(t *testing.T) {
	t.Parallel()
	var store *meddler
	r := newRigWith(t, func(cfg *admin.Config, _ *box) {
		store = &meddler{Store: cfg.Store}
		cfg.Store = store
	})
	seal(t, r, 120)
	dev := r.as(t, odb.Developer)
	store.meddle = func(ctx context.Context) {
		d, err := dev.Definition(ctx, "security", "s000")
		if err != nil {
			t.Error(err)
			return
		}
		d.Spec = []byte(strings.Replace(string(d.Spec), `"username":"u`, `"username":"ux`, 1))
		if _, err := dev.UpdateDefinition(ctx, d, "meanwhile"); err != nil {
			t.Error(err)
		}
	}
	store.left.Store(3)
	done := rotate(t, r.as(t, odb.Admin))
	if used := keysInUse(t, r); !slices.Equal(used, []string{done.Key}) || done.Done != 120 {
		t.Errorf("rotated %+v; keys in use are %v", done, used)
	}
	if d := must2(dev.Definition(t.Context(), "security", "s000"))(t); !strings.Contains(string(d.Spec), `"username":"uxxx"`) {
		t.Errorf("another's changes are lost: %s", d.Spec)
	}
	store.left.Store(1000)
	problemOf(t, second(r.as(t, odb.Admin).RotateKeys(t.Context(), client.RotateKeys{})), 409) // it gives up in the end
}

// What does not open is told and stays as it is; the rest is sealed anew.
func TestRotateTellsWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	adm := r.as(t, odb.Admin)
	seal(t, r, 2)
	lost := `{"type":"basic","username":"u","password":{"ref":"sealed:o1.deadbeef.AAAA"}}`
	_, err := r.store.Apply(t.Context(), odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "security", Name: "lost", Spec: []byte(lost)}}})
	must(t, err)
	done := rotate(t, adm)
	if done.Total != 3 || done.Done != 2 || len(done.Failed) != 1 || done.Failed[0].Name != "lost" || !strings.Contains(done.Failed[0].Reason, "cannot be opened") {
		t.Errorf("rotated %+v", done)
	}
	list := must2(adm.Secrets(t.Context()))(t)
	if last := list.Keys[len(list.Keys)-1]; last.ID != "deadbeef" || !last.Missing || last.Secrets != 1 {
		t.Errorf("the keys are %+v", list.Keys)
	}
	if p := problemOf(t, second(adm.ForgetKeys(t.Context(), client.ForgetKeys{})), 409); !strings.Contains(p.Detail, "security/lost") {
		t.Errorf("detail is %q", p.Detail)
	}
}
