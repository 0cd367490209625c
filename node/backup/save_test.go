package backup_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"signalbox.internal/node/backup"
)

func fill(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSave(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path+".part", []byte("of an interrupted backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	checked := ""
	err := backup.Save(backup.Target{Path: path, Fill: fill("one"), Check: func(r io.Reader) error {
		text, err := io.ReadAll(r)
		checked = string(text)
		return err
	}})
	if err != nil || read(t, path) != "one" || checked != "one" {
		t.Fatalf("%v, checked %q", err, checked)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := backup.Save(backup.Target{Path: path, Fill: fill("two")}); !errors.Is(err, fs.ErrExist) || read(t, path) != "one" {
		t.Errorf("over an existing file: %v", err)
	}
	if err := backup.Save(backup.Target{Path: path, Fill: fill("three"), Force: true}); err != nil || read(t, path) != "three" {
		t.Errorf("by force: %v", err)
	}
	if err := backup.Save(backup.Target{Path: filepath.Dir(path), Fill: fill("four"), Force: true}); err == nil {
		t.Error("a folder was taken for a file")
	}
}

// Whatever fails, what was there stays and nothing is left beside it.
func TestSaveFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("the one before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]backup.Target{
		"fill":  {Fill: func(w io.Writer) error { return errors.Join(fill("half")(w), boom) }},
		"check": {Fill: fill("whole"), Check: func(io.Reader) error { return boom }},
	} {
		target.Path, target.Force = path, true
		if err := backup.Save(target); !errors.Is(err, boom) || read(t, path) != "the one before" {
			t.Errorf("%s: %v, the file is %q", name, err, read(t, path))
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: %d files are there, %v", name, len(entries), err)
		}
	}
	// Somebody else takes the name meanwhile: theirs stays.
	err := backup.Save(backup.Target{Path: path, Force: true, Fill: func(w io.Writer) error {
		return errors.Join(fill("mine")(w), os.Remove(path+".part"), os.WriteFile(path+".part", []byte("theirs"), 0o600))
	}})
	if err == nil || read(t, path+".part") != "theirs" || read(t, path) != "the one before" {
		t.Errorf("another backup meanwhile: %v", err)
	}
}

// full is a disk with so many bytes left.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.left {
		n := f.left
		f.left = 0
		return n, syscall.ENOSPC
	}
	f.left -= len(b)
	return len(b), nil
}

// The disk is full after any number of bytes: the writer says so, and what is
// there is no backup.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	whole := len(file(t))
	for _, left := range []int{0, 50, 300, 70_000, 140_000, whole - 20, whole - 1} {
		disk := &full{left: left}
		var there bytes.Buffer
		_, err := tryWrite(io.MultiWriter(disk, &there))
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("full after %d bytes: %v", left, err)
		}
		if err := verify(there.Bytes(), passphrase); err == nil {
			t.Errorf("full after %d bytes: what is there counts as a backup", left)
		}
		if err != nil && strings.Contains(err.Error(), passphrase) {
			t.Error("the error shows the passphrase")
		}
	}
}
