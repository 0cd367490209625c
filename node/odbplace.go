package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"signalbox.internal/cluster"
	"signalbox.internal/node/config"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// movedFile is where a node keeps where its ODB has gone: the mark is in the old
// database, which may be gone by the next start.
const movedFile = "keys/odb.moved"

// maxMoves bounds how many databases are followed one after the other.
const maxMoves = 8

// sealedDSN is the additional data of a sealed DSN.
const sealedDSN = "odb\x00moved\x00dsn"

// odbPlace knows where a node's ODB is, and follows and remembers its moves.
type odbPlace struct {
	dir     string
	dsn     string // as the node is set up
	keyring *security.Keyring
	log     *slog.Logger
}

// moves is what is in movedFile: by address without its password, the sealed DSN
// of where that one's ODB has gone.
type moves map[string]string

// seal is for [sqldb.CopyConfig].
func (p *odbPlace) seal(dsn string) (string, error) {
	return p.keyring.Seal([]byte(dsn), []byte(sealedDSN))
}

func (p *odbPlace) unseal(text string) (string, error) {
	dsn, err := p.keyring.Open(text, []byte(sealedDSN))
	if err != nil {
		return "", fmt.Errorf("open the sealed address of the ODB: %w; set odb in %s to the new address", err, config.FileName)
	}
	return string(dsn), nil
}

// address is what moves are kept by. It has no password, which may change.
func address(text string) string {
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		return ""
	}
	dsn.Password, dsn.Options = "", nil
	return dsn.String()
}

func (p *odbPlace) moves() moves {
	text, err := os.ReadFile(filepath.Join(p.dir, movedFile))
	m := moves{}
	if errors.Is(err, fs.ErrNotExist) {
		return m
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m == nil {
		p.log.Warn("it is not known where the ODB was moved to; the database that is set up counts", "file", movedFile, "error", err)
		return moves{}
	}
	return m
}

// start returns the DSN to begin with: what is set up, unless that was moved away
// earlier and is not there any more to say so itself.
func (p *odbPlace) start(ctx context.Context) string {
	dsn := p.dsn
	known := p.moves()
	for range maxMoves {
		sealed, moved := known[address(dsn)]
		if !moved {
			break
		}
		if there, away := p.there(ctx, dsn); there {
			if !away { // opened again: what is remembered of it is over
				delete(known, address(dsn))
				if err := p.keep(known); err != nil {
					p.log.WarnContext(ctx, "an old move of the ODB cannot be forgotten", "error", err)
				}
			}
			break
		}
		next, err := p.unseal(sealed)
		if err != nil {
			p.log.WarnContext(ctx, "the database that the ODB was moved to cannot be opened", "error", err)
			break
		}
		dsn = next
	}
	return dsn
}

// there reports whether a database still answers, and whether it says that its ODB
// has moved. A file that is gone must not be made anew: it would be an empty ODB.
func (p *odbPlace) there(ctx context.Context, text string) (there, moved bool) {
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		return false, false
	}
	if _, err := os.Stat(dsn.File); dsn.Kind == "sqlite" && err != nil {
		return false, false
	}
	db, err := sqldb.Open(ctx, sqldb.Config{DSN: text, Log: p.log})
	if err != nil {
		return false, false
	}
	defer func() { _ = db.Close() }() //nolint:contextcheck // it was only read
	mark := db.Marked(ctx)
	_, moved = errors.AsType[*odb.Moved](mark)
	return mark == nil || moved, moved
}

// follow opens the database that an ODB has moved to and puts it into use.
func (p *odbPlace) follow(ctx context.Context, m *odb.Moved) (*sqldb.DB, string, error) {
	dsn, err := p.unseal(m.DSN)
	if err != nil {
		return nil, "", err
	}
	db, err := sqldb.Open(ctx, sqldb.Config{DSN: dsn, Log: p.log})
	if err != nil {
		return nil, "", err
	}
	if err := db.Arrive(ctx, m.Copy); err != nil {
		return nil, "", errors.Join(err, db.Close()) //nolint:contextcheck // closing has no context
	}
	return db, dsn, nil
}

// remember makes the next start begin at to: in the settings file when from is
// there, and beside it for a DSN that comes from elsewhere.
func (p *odbPlace) remember(from, to string) error {
	settings, _, err := config.Load(p.dir, nil, nil)
	if err == nil && settings.ODB == from {
		err = config.SetODB(p.dir, to)
	}
	sealed, serr := p.seal(to)
	if serr != nil {
		return errors.Join(err, serr)
	}
	known := p.moves()
	delete(known, address(to)) // the ODB is back there
	known[address(from)] = sealed
	return errors.Join(err, p.keep(known))
}

func (p *odbPlace) keep(known moves) error {
	text, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return err
	}
	return cluster.WritePrivate(filepath.Join(p.dir, movedFile), append(text, '\n'))
}

// absolute makes the file of a sqlite DSN begin in the node's folder.
func (p *odbPlace) absolute(dsn string) string {
	file, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok || file == "" || filepath.IsAbs(file) {
		return dsn
	}
	return "sqlite:" + filepath.Join(p.dir, file)
}
