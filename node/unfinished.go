package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"signalbox.internal/cluster"
	"signalbox.internal/node/backup"
	"signalbox.internal/odb"
)

// unfinishedFile is in a node's folder while a restore into it goes on, and after
// one that was killed.
const unfinishedFile = "restore.unfinished"

// unfinished is what a restore leaves for the next one, should it be killed.
type unfinished struct {
	Part   string `json:"part"`   // SHA-256 of the ODB's part: which backup it is
	ODB    string `json:"odb"`    // where it goes, without credentials
	File   string `json:"file"`   // database file that the restore has made; empty: there was one, or it is a server's
	Filled bool   `json:"filled"` // the ODB is whole

	again bool // there was one before this
}

func (u unfinished) write(dir string) error {
	text, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("note the restore: %w", err)
	}
	return cluster.WritePrivate(filepath.Join(dir, unfinishedFile), append(text, '\n'))
}

// noRestore refuses a folder that a restore was killed in.
func noRestore(dir string) error {
	_, err := os.Stat(filepath.Join(dir, unfinishedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return odb.Errorf(odb.Conflict, "make node in", dir,
		"a restore was interrupted in it; run that again, or remove the folder (and, when it went into a server's database, the tables there)")
}

// begin looks at what is in the folder, clears away what an interrupted restore
// has left, and notes that this one goes on.
func (r *restorer) begin() error {
	dir := r.settings.Dir
	dsn, err := odb.ParseDSN(r.settings.ODB)
	if err != nil {
		return err
	}
	part := r.sum.Parts[slices.IndexFunc(r.sum.Parts, func(p backup.Part) bool { return p.Name == partODB })]
	now := unfinished{Part: part.SHA256, ODB: dsn.Where()}
	text, err := os.ReadFile(filepath.Join(dir, unfinishedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := r.noKeys(); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		var before unfinished
		if err := json.Unmarshal(text, &before); err != nil {
			return fmt.Errorf("%s in it cannot be read; remove the folder: %w", unfinishedFile, err)
		}
		now.again = true
		if before.Filled && before.Part == now.Part && before.ODB == now.ODB {
			now.Filled, now.File = true, before.File
		} else if err := removeDatabase(before.File); err != nil {
			return err
		}
	}
	if _, err := os.Stat(dsn.File); dsn.File != "" && errors.Is(err, fs.ErrNotExist) {
		now.File = dsn.File
	}
	if now.File != "" {
		r.made.file(databaseFiles(now.File)...)
	}
	r.begun = now
	r.made.file(filepath.Join(dir, unfinishedFile))
	return now.write(dir)
}

// noKeys refuses a folder that has keys of something else.
func (r *restorer) noKeys() error {
	for _, p := range keyParts() {
		path := filepath.Join(r.settings.Dir, p.file)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is a %s already, perhaps of an interrupted init; choose another folder with --dir, or remove this one", path)
		}
	}
	return nil
}

// databaseFiles are the files of a SQLite database.
func databaseFiles(file string) []string {
	return []string{file, file + "-wal", file + "-shm"}
}

func removeDatabase(file string) error {
	if file == "" {
		return nil
	}
	for _, f := range databaseFiles(file) {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// leftovers are the files and folders that a restore makes, and takes away again
// when it fails.
type leftovers struct{ paths []string }

// folder makes a folder that is not there yet, with those above it.
func (l *leftovers) folder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := l.folder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	l.paths = append(l.paths, path)
	return nil
}

// file notes files that are made next.
func (l *leftovers) file(paths ...string) { l.paths = append(l.paths, paths...) }

// undo removes what was made, the last first. A folder that others have put
// something into stays, and so does a lock file where an open one cannot go.
func (l *leftovers) undo() error {
	var errs []error
	for _, path := range slices.Backward(l.paths) {
		err := os.Remove(path)
		if info, lerr := os.Lstat(path); err != nil && lerr == nil && !info.IsDir() && filepath.Base(path) != lockFile {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
