package deploy_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signalbox.internal/node/deploy"
	"signalbox.internal/odb"
)

// counting is a real store that counts what is fetched, and can be away.
type counting struct {
	odb.Store
	fetched int
	away    bool
}

func (c *counting) Package(ctx context.Context, hash string) (odb.Package, error) {
	if c.away {
		return odb.Package{}, odb.Errorf(odb.Unavailable, "read package", hash, "the ODB is away")
	}
	c.fetched++
	return c.Store.Package(ctx, hash)
}

// stored puts packages into a store and returns their hashes and archives.
func stored(t *testing.T, store odb.Store, n int) (hashes []string, archives [][]byte) {
	t.Helper()
	var pkgs []odb.Package
	for i := range n {
		src := pkg(fmt.Sprintf("p%03d", i), fmt.Sprintf("s%03d=1", i))
		archive, hash, err := src.Archive()
		if err != nil {
			t.Fatal(err)
		}
		hashes, archives = append(hashes, hash), append(archives, archive)
		pkgs = append(pkgs, odb.Package{Hash: hash, Name: src.Name, Engine: "typescript", Size: int64(len(archive)), Services: []string{"s"}, Archive: archive})
	}
	if err := store.PutPackages(t.Context(), pkgs); err != nil {
		t.Fatal(err)
	}
	return hashes, archives
}

func TestCache(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := &counting{Store: newWorld(t).store}
	dir := filepath.Join(t.TempDir(), "packages")
	cache := deploy.NewCache(dir, store, nil)
	hashes, archives := stored(t, store, 30)
	get := func(i int) {
		t.Helper()
		archive, err := cache.Archive(ctx, hashes[i])
		if err != nil || !bytes.Equal(archive, archives[i]) {
			t.Fatalf("archive %d: %d bytes, %v", i, len(archive), err)
		}
	}
	get(0)
	get(0)
	if store.fetched != 1 {
		t.Errorf("fetched %d times", store.fetched)
	}
	if err := cache.Keep(ctx, map[string]bool{hashes[0]: true, hashes[1]: true}); err != nil {
		t.Fatal(err)
	}
	store.away = true
	get(0)
	get(1)
	if _, err := cache.Archive(ctx, hashes[2]); odb.KindOf(err) != odb.Unavailable {
		t.Errorf("what is nowhere: %v", err)
	}
	if err := cache.Keep(ctx, map[string]bool{hashes[2]: true}); odb.KindOf(err) != odb.Unavailable {
		t.Errorf("keep what is nowhere: %v", err)
	}
	// A damaged file counts as missing, and is mended.
	for name, text := range map[string][]byte{"torn": archives[0][:700], "empty": nil, "changed": bytes.ToUpper(archives[0])} {
		if err := os.WriteFile(filepath.Join(dir, hashes[0]), text, 0o600); err != nil {
			t.Fatal(err)
		}
		store.away = true
		if _, err := cache.Archive(ctx, hashes[0]); odb.KindOf(err) != odb.Unavailable {
			t.Errorf("a %s file: %v", name, err)
		}
		store.away = false
		get(0)
		store.away = true
		get(0)
	}
	if info, err := os.Stat(filepath.Join(dir, hashes[0])); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, hash := range []string{"", "../../secret", "x"} {
		store.away = false
		if _, err := cache.Archive(ctx, hash); odb.KindOf(err) != odb.NotFound && odb.KindOf(err) != odb.Invalid {
			t.Errorf("hash %q: %v", hash, err)
		}
	}
}

// Only what is in use and the youngest few others stay.
func TestCacheIsPruned(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := &counting{Store: newWorld(t).store}
	dir := filepath.Join(t.TempDir(), "packages")
	cache := deploy.NewCache(dir, store, nil)
	hashes, _ := stored(t, store, 30)
	old := time.Now().Add(-2 * time.Hour)
	for i, hash := range hashes {
		if _, err := cache.Archive(ctx, hash); err != nil {
			t.Fatal(err)
		}
		at := old.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(filepath.Join(dir, hash), at, at); err != nil {
			t.Fatal(err)
		}
	}
	leftover := filepath.Join(dir, ".new-123")
	if err := os.WriteFile(leftover, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(leftover, old, old); err != nil {
		t.Fatal(err)
	}
	if err := cache.Keep(ctx, map[string]bool{hashes[0]: true}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 21 {
		t.Errorf("%d files left, %v; want 21", len(entries), err)
	}
	for i, hash := range hashes {
		_, err := os.Stat(filepath.Join(dir, hash))
		if want := i == 0 || i >= 10; (err == nil) != want {
			t.Errorf("package %d is there: %v, want %v", i, err == nil, want)
		}
	}
}
