package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Target is a file that is to be written whole or not at all.
type Target struct {
	Path  string
	Force bool // replace what is there
	// Fill writes the content.
	Fill func(w io.Writer) error
	// Check reads what was written from its beginning; nil checks nothing.
	Check func(r io.Reader) error
}

// Save fills PATH.part (mode 0600), brings it to the disk, has it checked and gives
// it its name. When anything fails, PATH is as it was and PATH.part is gone; after
// a kill it may be left, and the next Save replaces it.
func Save(t Target) error {
	if err := t.free(); err != nil {
		return err
	}
	part := t.Path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what an interrupted backup has left: %w", err)
	}
	f, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	if err := t.write(f, part); err != nil {
		if t.ours(f, part) == nil {
			err = errors.Join(err, f.Close(), os.Remove(part))
		} else {
			err = errors.Join(err, f.Close())
		}
		return err
	}
	if err := errors.Join(f.Close(), t.free()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, t.Path); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncFolder(filepath.Dir(t.Path))
}

// free reports whether the name may be taken.
func (t Target) free() error {
	info, err := os.Stat(t.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", t.Path)
	case !t.Force:
		return fmt.Errorf("%s is there already: %w", t.Path, fs.ErrExist)
	}
	return nil
}

func (t Target) write(f *os.File, part string) error {
	if err := t.Fill(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("bring %s to the disk: %w", part, err)
	}
	if t.Check != nil {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read %s again: %w", part, err)
		}
		if err := t.Check(f); err != nil {
			return err
		}
	}
	return t.ours(f, part)
}

// ours finds out whether somebody else has taken the name meanwhile.
func (t Target) ours(f *os.File, part string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(part)
	if err != nil || !os.SameFile(mine, there) {
		return fmt.Errorf("%s was replaced meanwhile: is another backup being written to the same file?", part)
	}
	return nil
}

// syncFolder brings a rename to the disk where the system can do that.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil //nolint:nilerr // the file is in place
	}
	_ = d.Sync() // not every file system can
	return d.Close()
}
