package lastgood_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/lastgood"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
)

func ring(t testing.TB) *security.Keyring {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	k, err := security.OpenKeyring(filepath.Join(dir, "secrets.keys"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func file(t testing.TB, box lastgood.Box, path, cluster string) *lastgood.File {
	t.Helper()
	f, err := lastgood.NewFile(lastgood.Config{Path: path, Box: box, Cluster: cluster})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What must not stand in the file in clear.
const (
	plantedHash     = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	plantedPassword = "$argon2id$planted-password-hash"
	plantedURL      = "https://planted.example/orders"
)

func state(definitions int) lastgood.State {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := lastgood.State{Revision: 57, Saved: at, Access: lastgood.NewAccess(
		[]odb.Account{{Name: "admin", Role: odb.Admin, Password: plantedPassword, Created: at}, {Name: "eve", Role: odb.Viewer, Disabled: true}},
		[]odb.Token{{ID: odb.NewID(), Account: "admin", Role: odb.Operator, Note: "ci", Hash: plantedHash, Created: at, Expires: at.Add(time.Hour)}}, at,
	)}
	for i := range definitions {
		s.Definitions = append(s.Definitions, odb.Definition{
			ID: odb.NewID(), Kind: "outgoing", Name: fmt.Sprintf("partner%04d", i), Version: 3, Revision: 57, Updated: at,
			Spec: json.RawMessage(`{"type":"http","url":"` + plantedURL + `","timeout":"10s","enabled":true,"health":{"path":"/health","interval":"30s"},"pool":{"max":50}}`),
		})
	}
	return s
}

func TestFileKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "snapshot.sealed")
	f := file(t, ring(t), path, "shop")
	want := state(3)
	if _, err := f.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	for range 2 { // the second replaces the first
		if err := f.Write(want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	if got.Revision != want.Revision || !got.Saved.Equal(want.Saved) || !got.Access.Same(want.Access) || !got.Access.Read().Equal(want.Access.Read()) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if a, err := json.Marshal(got.Definitions); err != nil {
		t.Error(err)
	} else if b, err := json.Marshal(want.Definitions); err != nil || !bytes.Equal(a, b) {
		t.Errorf("definitions %s, want %s", a, b)
	}
	admin, err := got.Access.Account("admin")
	if err != nil || admin.Password != plantedPassword || admin.Role != odb.Admin {
		t.Errorf("account %+v, %v", admin, err)
	}
	if eve, err := got.Access.Account("eve"); err != nil || !eve.Disabled {
		t.Errorf("account %+v, %v", eve, err)
	}
	token, err := got.Access.TokenByHash(plantedHash)
	if err != nil || token.Role != odb.Operator || token.Note != "ci" || !token.Expires.Equal(want.Saved.Add(time.Hour)) {
		t.Errorf("token %+v, %v", token, err)
	}
	if _, err := got.Access.Account("nobody"); odb.KindOf(err) != odb.NotFound {
		t.Errorf("an unknown account: %v", err)
	}
	if _, err := got.Access.TokenByHash("x"); odb.KindOf(err) != odb.NotFound {
		t.Errorf("an unknown token: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{plantedHash, plantedPassword, plantedURL, "partner0001", "admin"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("the file shows %q", secret)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
}

func TestAccessSame(t *testing.T) {
	t.Parallel()
	at := time.Now()
	one := func(role odb.Role, expires time.Time) *lastgood.Access {
		return lastgood.NewAccess([]odb.Account{{Name: "a", Role: role}}, []odb.Token{{ID: "1", Hash: "h", Expires: expires}}, time.Now())
	}
	var none *lastgood.Access
	for name, tc := range map[string]struct {
		a, b *lastgood.Access
		want bool
	}{
		"equal":         {one(odb.Admin, at), one(odb.Admin, at.UTC()), true},
		"other role":    {one(odb.Admin, at), one(odb.Viewer, at), false},
		"other expiry":  {one(odb.Admin, at), one(odb.Admin, at.Add(1)), false},
		"none and some": {none, one(odb.Admin, at), false},
		"none and none": {none, none, true},
	} {
		if got := tc.a.Same(tc.b); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A file that is not whole and ours is an error that says what is wrong, and
// nothing of the content.
func TestFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "snapshot.sealed")
	keys := ring(t)
	f := file(t, keys, path, "shop")
	if err := f.Write(state(2)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(good), "\n")
	flipped := []byte(body)
	flipped[len(flipped)/2] ^= 1
	garbage, err := keys.Seal([]byte("{"), []byte(head+"\nshop"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := keys.Seal([]byte("{}"), []byte("another purpose"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"empty":          {"", "not such a file"},
		"other file":     {"name: test\n", "not such a file"},
		"head only":      {head, "does not have the form"},
		"torn":           {string(good[:len(good)/2]), "open sealed value"},
		"torn early":     {string(good[:len(head)+30]), "cut or damaged"},
		"changed":        {head + "\n" + string(flipped), "open sealed value"},
		"newer form":     {strings.Replace(string(good), "form 1", "form 2", 1), `has form "2"`},
		"older form":     {strings.Replace(string(good), "form 1", "form 0", 1), `has form "0"`},
		"not ours":       {head + "\n" + garbage + "\n", "cannot be read"},
		"of other place": {head + "\n" + elsewhere + "\n", "belongs to another place"},
	} {
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Read(); err == nil || !strings.Contains(err.Error(), tc.want) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file(t, keys, path, "other").Read(); err == nil || !strings.Contains(err.Error(), "belongs to another place") {
		t.Errorf("another cluster's file: %v", err)
	}
	if _, err := file(t, ring(t), path, "shop").Read(); err == nil || !strings.Contains(err.Error(), "not in the key ring") {
		t.Errorf("with other keys: %v", err)
	}
	if _, err := keys.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(); err != nil {
		t.Errorf("after a rotation of keys: %v", err)
	}
	if _, err := lastgood.NewFile(lastgood.Config{}); err == nil {
		t.Error("a file without a path has no error")
	}
}

func FuzzRead(f *testing.F) {
	keys := ring(f)
	path := filepath.Join(f.TempDir(), "snapshot.sealed")
	one := file(f, keys, path, "shop")
	if err := one.Write(state(1)); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(""))
	f.Add([]byte("signalbox last good configuration, form 1\no1.x.y\n"))
	f.Add(good[:len(good)-4])
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Equal(text, good) {
			return
		}
		path := filepath.Join(t.TempDir(), "snapshot.sealed")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := file(t, keys, path, "shop").Read(); err == nil && !bytes.Equal(bytes.TrimSpace(text), bytes.TrimSpace(good)) {
			t.Errorf("%q was read as %+v", text, s)
		}
	})
}

func BenchmarkFile5000(b *testing.B) {
	f := file(b, ring(b), filepath.Join(b.TempDir(), "snapshot.sealed"), "shop")
	s := state(5000)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			if err := f.Write(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.Read(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
