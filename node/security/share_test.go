package security

import (
	"path/filepath"
	"slices"
	"testing"
)

func ringAt(t *testing.T) *Keyring {
	t.Helper()
	k, err := OpenKeyring(filepath.Join(t.TempDir(), "keys", "secrets.keys"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A key goes round before anybody seals with it, and the ring on disk is the one
// in force.
func TestKeyGoesRound(t *testing.T) {
	t.Parallel()
	a, b := ringAt(t), ringAt(t)
	if added, err := b.Adopt(a.Text(), nil); err != nil || len(added) != 1 {
		t.Fatalf("adopted %v, %v", added, err)
	}
	first := a.Primary()
	id, err := a.Draw()
	if err != nil || a.Primary() != first {
		t.Fatalf("a drawn key seals already, or %v", err)
	}
	if added, err := b.Adopt(a.Text(), []string{"none"}); err != nil || added != nil {
		t.Errorf("adopted what nobody wants: %v, %v", added, err)
	}
	if added, err := b.Adopt(a.Text(), []string{id}); err != nil || !slices.Equal(added, []string{id}) {
		t.Errorf("adopted %v, %v", added, err)
	}
	if err := a.Promote(id); err != nil || a.Primary() != id {
		t.Fatalf("the primary is %s, %v", a.Primary(), err)
	}
	sealed, err := a.Seal([]byte("text"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := b.Open(sealed, []byte("place")); err != nil || string(text) != "text" {
		t.Errorf("the other opens %q, %v", text, err)
	}
	if again, err := OpenKeyring(a.Path()); err != nil || again.Primary() != id || len(again.IDs()) != 2 {
		t.Errorf("on disk: %v, %v", again, err)
	}
	if b.Promote("none") == nil {
		t.Error("a key that is not there was promoted")
	}
	if _, err := b.Adopt([]byte("key x y"), nil); err == nil {
		t.Error("a broken ring was adopted")
	}
}
