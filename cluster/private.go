package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// CheckPrivate refuses a file or folder that anybody but its owner may read,
// write or enter. A missing one is an error that wraps fs.ErrNotExist. Windows
// keeps no such modes; there it only checks that the path exists.
func CheckPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	want := os.FileMode(0o600)
	if info.IsDir() {
		want = 0o700
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s has mode %04o, so others can read it; run: chmod %04o %s", path, mode, want, path)
	}
	return nil
}

// WritePrivate replaces a file in one step with one that only its owner may
// read; after a crash there is the old file or the new one.
func WritePrivate(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// readPrivate reads a file that only its owner may read.
func readPrivate(path string) ([]byte, error) {
	if err := CheckPrivate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // a file of the node's own folder
}
