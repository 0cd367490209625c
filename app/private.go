package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// maxFile is the largest file of its own that the app reads.
const maxFile = 16 << 20

// writePrivate replaces a file in one step with one that only its owner may read;
// after a crash there is the old file or the new one.
func writePrivate(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// StoreJSON replaces a file of the app's own folder in one step with v as JSON; only its
// owner may read it.
func StoreJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return writePrivate(path, append(text, '\n'))
}

// LoadJSON reads a file of the app's own folder strictly into v; a missing one is an
// fs.ErrNotExist.
func LoadJSON(path string, v any) error {
	f, err := os.Open(path) //nolint:gosec // a file of the app's own folder
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return err
	}
	if len(text) > maxFile {
		return errors.New("it is too large")
	}
	return decodeStrict(text, v)
}

// decodeStrict decodes one JSON value without unknown fields and nothing after it.
func decodeStrict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after its end")
	}
	return nil
}

// setAside moves a file that cannot be read out of the way, so that nothing in it is
// lost, and returns a text for the user.
func setAside(path string, now time.Time, cause error) (string, error) {
	for i := range 100 {
		aside := fmt.Sprintf("%s.broken-%s", path, now.UTC().Format("20060102T150405Z"))
		if i > 0 {
			aside += fmt.Sprintf("-%d", i)
		}
		if _, err := os.Lstat(aside); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Rename(path, aside); err != nil {
			return "", fmt.Errorf("set %s aside: %w", filepath.Base(path), err)
		}
		return fmt.Sprintf("%s could not be read (%v). It was set aside as %s; nothing in it is lost.", filepath.Base(path), cause, aside), nil
	}
	return "", fmt.Errorf("set %s aside: too many broken ones lie there already", filepath.Base(path))
}
