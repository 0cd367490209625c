package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"signalbox.internal/odb"
)

// maxArchive is the largest package, in bytes.
const maxArchive = 64 << 20

// PutPackages stores packages that are not there yet, all or none. A package
// whose hash is not that of its archive is Invalid. Uploaded grows with every
// package, so that the newest is always known.
func (db *DB) PutPackages(ctx context.Context, pkgs []odb.Package) error {
	var faults odb.Faults
	for _, p := range pkgs {
		if msg := packageFault(p); msg != "" {
			faults.Add("", "package %q: %s", p.Name, msg)
		}
	}
	if err := faults.Err("store packages", ""); err != nil {
		return err
	}
	return db.change(ctx, "store packages", "", func(t *tx) error {
		var newest *int64
		var now int64
		// In line, or two would be the newest.
		if _, err := t.run(lockRevision); err != nil {
			return err
		}
		if err := t.one(newestPackage, nil, &newest, &now); err != nil {
			return err
		}
		if newest != nil {
			now = max(now, *newest+1)
		}
		for _, p := range pkgs {
			stored, err := t.putPackage(p, now)
			if err != nil {
				return fmt.Errorf("store %s: %w", p.Name, err)
			}
			if stored {
				now++
			}
		}
		return nil
	})
}

func packageFault(p odb.Package) string {
	sum := sha256.Sum256(p.Archive)
	switch {
	case len(p.Archive) == 0:
		return "the archive is empty"
	case len(p.Archive) > maxArchive:
		return fmt.Sprintf("the archive has %d bytes; at most %d are allowed", len(p.Archive), maxArchive)
	case p.Hash != hex.EncodeToString(sum[:]):
		return fmt.Sprintf("the hash %q is not the SHA-256 of the archive", p.Hash)
	case p.Engine == "" || textFault(p.Engine, 40) != "":
		return fmt.Sprintf("the engine %q is not one", p.Engine)
	case textFault(p.By, 200) != "":
		return "who uploads it " + textFault(p.By, 200)
	}
	if err := odb.CheckName(p.Name); err != nil {
		return err.Error()
	}
	return ""
}

func (t *tx) putPackage(p odb.Package, at int64) (stored bool, err error) {
	var n int
	if err := t.one(packageExists, []any{p.Hash}, &n); err != nil || n > 0 {
		return false, err
	}
	services, err := json.Marshal(p.Services)
	if err != nil {
		return false, err
	}
	_, err = t.run(insertPackage, p.Hash, p.Name, p.Engine, len(p.Archive), t.d.long(string(services)),
		nullable(p.By), at, t.d.blob(p.Archive))
	return true, err
}

// Package returns a package with its archive.
func (db *DB) Package(ctx context.Context, hash string) (odb.Package, error) {
	var p odb.Package
	err := db.look(ctx, "read package", hash, func(t *tx) error {
		err := scanPackage(&p, func(dest ...any) error {
			return t.one(readPackage, []any{hash}, append(dest, &p.Archive)...)
		})
		if errors.Is(err, sql.ErrNoRows) {
			return odb.Errorf(odb.NotFound, "read package", hash, "there is no such package")
		}
		return err
	})
	return p, err
}

// ListPackages returns the packages of a name, newest first, without archives;
// of all names when name is empty.
func (db *DB) ListPackages(ctx context.Context, name string) ([]odb.Package, error) {
	query, args := allPackages, []any(nil)
	if name != "" {
		query, args = packagesNamed, []any{name}
	}
	var pkgs []odb.Package
	err := db.look(ctx, "list packages", name, func(t *tx) error {
		return t.each(query, args, func(rows *sql.Rows) error {
			var p odb.Package
			err := scanPackage(&p, rows.Scan)
			pkgs = append(pkgs, p)
			return err
		})
	})
	return pkgs, err
}

func scanPackage(p *odb.Package, scan func(...any) error) error {
	var services []byte
	var by *string
	var at int64
	if err := scan(&p.Hash, &p.Name, &p.Engine, &p.Size, &services, &by, &at); err != nil {
		return err
	}
	p.By, p.Uploaded = text(by), instant(at)
	return json.Unmarshal(services, &p.Services)
}
