package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"

	"github.com/pelletier/go-toml/v2"
)

// odbLine finds the value of odb, set or commented out, and what follows it.
var (
	odbLine     = regexp.MustCompile(`(?m)^([ \t]*odb[ \t]*=[ \t]*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*')`)
	odbTemplate = regexp.MustCompile(`(?m)^#[ \t]*odb[ \t]*=.*$`)
)

// SetODB changes the setting odb in DIR/node.toml, whole or not at all. Comments
// and all other settings stay as they are. Only one process at a time may call it
// for a folder.
func SetODB(dir, dsn string) error {
	path := filepath.Join(dir, FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read settings %s: %w", path, err)
	}
	next, err := withODB(text, dsn)
	if err != nil {
		return fmt.Errorf("change settings %s: %w", path, err)
	}
	return writeFile(dir, next)
}

// withODB returns the text with another value of odb.
func withODB(text []byte, dsn string) ([]byte, error) {
	literal := quote(dsn)
	var next []byte
	if at := odbLine.FindSubmatchIndex(text); at != nil {
		next = bytes.Join([][]byte{text[:at[4]], []byte(literal), text[at[5]:]}, nil)
	} else if at := odbTemplate.FindIndex(text); at != nil {
		next = bytes.Join([][]byte{text[:at[1]], []byte("\nodb = " + literal), text[at[1]:]}, nil)
	} else {
		next = append([]byte("odb = "+literal+"\n"), text...)
	}
	// What is written by hand may look like a setting and be none.
	before, after := map[string]any{}, map[string]any{}
	if err := errors.Join(toml.Unmarshal(text, &before), toml.Unmarshal(next, &after)); err != nil {
		return nil, err
	}
	before["odb"] = dsn
	if !maps.EqualFunc(before, after, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		return nil, errors.New("it is written in a way that is not understood; set odb by hand")
	}
	return next, nil
}

// writeFile replaces DIR/node.toml, readable by its owner only.
func writeFile(dir string, text []byte) error {
	path := filepath.Join(dir, FileName)
	tmp, err := os.CreateTemp(dir, "."+FileName+"-*")
	if err != nil {
		return fmt.Errorf("write settings %s: %w", path, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when all went well
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write settings %s: %w", path, err)
	}
	return nil
}
