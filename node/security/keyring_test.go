package security

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func newRing(tb testing.TB) *Keyring {
	tb.Helper()
	k, err := OpenKeyring(filepath.Join(tb.TempDir(), "keys", "secrets.keys"))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func TestKeyringIsMadePrivate(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	for path, want := range map[string]os.FileMode{k.Path(): 0o600, filepath.Dir(k.Path()): 0o700} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
	left, _ := os.ReadDir(filepath.Dir(k.Path()))
	if len(left) != 1 {
		t.Errorf("the folder holds %v, want the ring alone", left)
	}
}

func TestKeyringRefuses(t *testing.T) {
	t.Parallel()
	const good = "key 0badcafe AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	tests := map[string]struct {
		text      string
		file, dir os.FileMode
		want      string // in the error; empty: opens
	}{
		"good":             {good, 0o600, 0o700, ""},
		"read only":        {good, 0o400, 0o500, ""},
		"comment":          {"# x\n\n" + good, 0o600, 0o700, ""},
		"group may read":   {good, 0o640, 0o700, "0640"},
		"all may read":     {good, 0o604, 0o700, "0604"},
		"folder too wide":  {good, 0o600, 0o750, "0750"},
		"empty":            {"", 0o600, 0o700, "no key"},
		"cut":              {good[:len(good)-5], 0o600, 0o700, "line 1"},
		"other words":      {"keys 0badcafe x\n", 0o600, 0o700, "line 1"},
		"id with a dot":    {strings.Replace(good, "0bad", "0.ad", 1), 0o600, 0o700, "line 1"},
		"twice the id":     {good + good, 0o600, 0o700, "repeats"},
		"fields too many":  {strings.TrimSpace(good) + " x\n", 0o600, 0o700, "line 1"},
		"not in base64":    {"key a !!!!\n", 0o600, 0o700, "line 1"},
		"too large a file": {strings.Repeat("#", 1<<20+1), 0o600, 0o700, "1 MiB"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "keys")
			path := filepath.Join(dir, "secrets.keys")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
			if err := os.Chmod(path, tc.file); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, tc.dir); err != nil {
				t.Fatal(err)
			}
			_, err := OpenKeyring(path)
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("OpenKeyring() = %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("OpenKeyring() = %v, want an error with %q", err, tc.want)
			case err != nil && strings.Contains(err.Error(), "AAAA"):
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	for name, plain := range map[string]string{"text": "s3cret", "empty": "", "bytes": "\x00\xff\n", "long": strings.Repeat("x", 1<<20)} {
		sealed, err := k.Seal([]byte(plain), []byte("here"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(sealed, "o1."+k.Primary()+".") {
			t.Errorf("%s: sealed = %.30q", name, sealed)
		}
		got, err := k.Open(sealed, []byte("here"))
		if err != nil || string(got) != plain {
			t.Errorf("%s: opened %.20q, %v", name, got, err)
		}
		if got, err := k.Open(sealed, []byte("there")); err == nil {
			t.Errorf("%s: opened in another place as %.20q", name, got)
		}
		again, _ := k.Seal([]byte(plain), []byte("here"))
		if again == sealed {
			t.Errorf("%s: sealed twice the same", name)
		}
	}
}

func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	sealed, _ := k.Seal([]byte("s3cret"), nil)
	for i := range sealed {
		changed := []byte(sealed)
		if changed[i] == 'A' {
			changed[i] = 'B'
		} else {
			changed[i] = 'A'
		}
		if _, err := k.Open(string(changed), nil); err == nil {
			t.Fatalf("opened with byte %d changed from %q", i, sealed[i])
		}
		if _, err := k.Open(sealed[:i], nil); err == nil {
			t.Fatalf("opened when cut to %d bytes", i)
		}
	}
}

func TestRotateKeepsOldKeys(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	old, err := k.Seal([]byte("s3cret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	first := k.Primary()
	id, err := k.Rotate()
	if err != nil || id == first || k.Primary() != id {
		t.Fatalf("Rotate() = %q, %v; primary %q, before %q", id, err, k.Primary(), first)
	}
	reopened, err := OpenKeyring(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, ring := range []*Keyring{k, reopened} {
		if got, err := ring.Open(old, nil); err != nil || string(got) != "s3cret" {
			t.Errorf("opened the old value as %q, %v", got, err)
		}
		if ring.Primary() != id {
			t.Errorf("primary = %s, want %s", ring.Primary(), id)
		}
	}
	if _, err := newRing(t).Open(old, nil); err == nil || !strings.Contains(err.Error(), first) {
		t.Errorf("another ring: %v, want an error that names the key id", err)
	}
}

func TestRotateFailsWhole(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	before := k.Primary()
	if err := os.RemoveAll(filepath.Dir(k.Path())); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Rotate(); err == nil {
		t.Fatal("Rotate() without a folder = nil")
	}
	if k.Primary() != before {
		t.Error("a rotation that was not written took effect")
	}
}

func TestKeyringConcurrently(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				sealed, err := k.Seal([]byte("x"), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := k.Open(sealed, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 5 {
		if _, err := k.Rotate(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func FuzzParseKeyring(f *testing.F) {
	f.Add([]byte("# x\nkey 0badcafe AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"))
	f.Add([]byte("key"))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parseKeyring(text)
		if err != nil {
			return
		}
		again, err := parseKeyring(formatKeyring(keys))
		if err != nil || len(again) != len(keys) {
			t.Fatalf("written again: %v", err)
		}
		for i := range keys {
			if again[i].id != keys[i].id || !bytes.Equal(again[i].key[:], keys[i].key[:]) {
				t.Fatalf("key %d changed", i)
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	k := newRing(f)
	good, _ := k.Seal([]byte("s3cret"), nil)
	f.Add(good)
	f.Add("o1.." + strings.Repeat("A", 200))
	f.Add("o1." + k.Primary() + ".AAAA")
	f.Fuzz(func(t *testing.T, sealed string) {
		if plain, err := k.Open(sealed, nil); err == nil && sealed != good {
			t.Fatalf("opened %q as %q", sealed, plain)
		}
	})
}

func BenchmarkSealOpen(b *testing.B) {
	k := newRing(b)
	plain, ad := []byte("a secret of twenty-three"), []byte("security\x00partner\x00/password")
	for b.Loop() {
		sealed, err := k.Seal(plain, ad)
		if err == nil {
			_, err = k.Open(sealed, ad)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	first := k.Primary()
	old, err := k.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	next, err := k.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if ids := k.IDs(); len(ids) != 2 || ids[0] != first || ids[1] != next {
		t.Errorf("IDs() = %v, want %s and %s", ids, first, next)
	}
	if err := k.Forget(first, next); err == nil || len(k.IDs()) != 2 {
		t.Errorf("Forget() of the primary = %v; the ring has %v", err, k.IDs())
	}
	for range 2 {
		if err := k.Forget(first, "none"); err != nil {
			t.Fatal(err)
		}
	}
	again, err := OpenKeyring(k.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, ring := range []*Keyring{k, again} {
		if _, err := ring.Open(old, nil); err == nil || ring.Primary() != next {
			t.Errorf("a forgotten key opens: %v; the primary is %s", err, ring.Primary())
		}
	}
}

func TestSealedBy(t *testing.T) {
	t.Parallel()
	k := newRing(t)
	sealed, err := k.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"sealed:" + sealed: k.Primary(), sealed: "", "env:X": "", "sealed:o1.abc": "", "sealed:o2.abc.x": "", "": "", "sealed:o1.abc.x": "abc",
	} {
		if got := SealedBy(ref); got != want {
			t.Errorf("SealedBy(%q) = %q, want %q", ref, got, want)
		}
	}
}
