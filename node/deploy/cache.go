package deploy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"signalbox.internal/odb"
)

// spare is how many archives that are not in use a cache keeps, for roll-backs.
const spare = 20

// Cache keeps archives of packages in a folder, each in a file named by its
// hash, in front of the ODB: a node that starts without its ODB has its code, and
// one that starts with it has not to fetch it. What is read is checked by its
// hash, so a damaged file counts as missing. Any number of goroutines may use it.
type Cache struct {
	dir   string
	store odb.Packages
	log   *slog.Logger

	// Others asks the other nodes of the cluster for an archive when the ODB cannot
	// give it; nil asks nobody. Set before use.
	Others func(ctx context.Context, hash string) ([]byte, error)

	mu    sync.Mutex
	fresh map[string]bool // written, but perhaps not on the disk yet
}

// NewCache returns the cache in dir, which it makes with the first archive; with an
// empty dir it keeps nothing.
func NewCache(dir string, store odb.Packages, log *slog.Logger) *Cache {
	return &Cache{dir: dir, store: store, fresh: map[string]bool{}, log: cmp.Or(log, slog.Default()).With("component", "package cache")}
}

// Kept returns an archive of the folder, for another node; false when it is not there.
func (c *Cache) Kept(ctx context.Context, hash string) ([]byte, bool) { return c.read(ctx, hash) }

// Archive returns the archive whose SHA-256 is hash: from the folder, or from the
// ODB, or while that is away from another node.
func (c *Cache) Archive(ctx context.Context, hash string) ([]byte, error) {
	if archive, ok := c.read(ctx, hash); ok {
		return archive, nil
	}
	pkg, err := c.store.Package(ctx, hash)
	if err != nil && c.Others != nil && odb.KindOf(err) == odb.Unavailable {
		var oerr error
		if pkg.Archive, oerr = c.Others(ctx, hash); oerr == nil && fits(pkg.Archive, hash) {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	if !fits(pkg.Archive, hash) {
		return nil, odb.Errorf(odb.Internal, "fetch package", pkg.Name, "the ODB's archive %.12s is damaged", hash)
	}
	c.add(ctx, hash, pkg.Archive)
	return pkg.Archive, nil
}

// add keeps an archive; Keep makes sure that it outlives a crash of the machine.
// What cannot be written is missing: Keep tells of it.
func (c *Cache) add(ctx context.Context, hash string, archive []byte) {
	if c.dir == "" {
		return
	}
	if err := c.write(hash, archive); err != nil {
		c.log.DebugContext(ctx, "archive cannot be kept", "hash", hash, "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh[hash] = true
}

// read returns an archive of the folder that is whole.
func (c *Cache) read(ctx context.Context, hash string) ([]byte, bool) {
	if c.dir == "" || !odb.IsHash(hash) {
		return nil, false
	}
	archive, err := os.ReadFile(filepath.Join(c.dir, hash))
	switch {
	case err == nil && fits(archive, hash):
		return archive, true
	case err == nil:
		err = errors.Join(errors.New("it is cut or damaged"), os.Remove(filepath.Join(c.dir, hash)))
	case errors.Is(err, fs.ErrNotExist):
		return nil, false
	}
	c.log.WarnContext(ctx, "archive cannot be used; the ODB has it", "hash", hash, "error", err)
	return nil, false
}

func fits(archive []byte, hash string) bool {
	sum := sha256.Sum256(archive)
	return hex.EncodeToString(sum[:]) == hash
}

// Keep makes sure that the archives are in the folder and on the disk, and removes
// others but for the youngest few. It goes on after an error and returns all of
// them. One Keep at a time.
func (c *Cache) Keep(ctx context.Context, hashes map[string]bool) error {
	var errs []error
	for hash := range hashes {
		info, err := os.Stat(filepath.Join(c.dir, hash))
		if err != nil || info.Size() == 0 {
			_, err = c.Archive(ctx, hash)
		}
		if err == nil {
			err = c.sync(hash)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("keep package %.12s: %w", hash, err))
		}
	}
	return errors.Join(append(errs, c.prune(hashes))...)
}

// write puts a file into the folder in one step.
func (c *Cache) write(hash string, archive []byte) error {
	f, err := os.CreateTemp(c.dir, ".new-*") // mode 0600
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(c.dir, 0o700); err == nil {
			f, err = os.CreateTemp(c.dir, ".new-*")
		}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(archive)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.dir, hash))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// sync brings a file that was just written to the disk.
func (c *Cache) sync(hash string) error {
	c.mu.Lock()
	fresh := c.fresh[hash]
	delete(c.fresh, hash)
	c.mu.Unlock()
	if !fresh {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(c.dir, hash), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// prune removes what is not in use, but for the youngest few.
func (c *Cache) prune(used map[string]bool) error {
	entries, err := os.ReadDir(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune packages: %w", err)
	}
	var idle []fs.FileInfo
	var old []string
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil: // somebody was faster
		case !odb.IsHash(e.Name()):
			if time.Since(info.ModTime()) > time.Hour { // a write that was cut off
				old = append(old, e.Name())
			}
		case !used[e.Name()]:
			idle = append(idle, info)
		}
	}
	slices.SortFunc(idle, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range idle[min(spare, len(idle)):] {
		old = append(old, info.Name())
	}
	var errs []error
	for _, name := range old {
		if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("prune packages: %w", err))
		}
	}
	return errors.Join(errs...)
}
