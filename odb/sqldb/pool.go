package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// pool is a database handle with the prepared statements of the catalogue.
type pool struct {
	db    *sql.DB
	stmts [statements]*sql.Stmt
	texts [statements]string
}

// newPool prepares the whole catalogue at once: a text that the database does
// not understand shows here and not in the middle of a transaction, and no
// transaction has to wait for a second connection to prepare on. (Oracle's driver
// prepares nothing: there the tests check the texts.)
func newPool(ctx context.Context, db *sql.DB, d *dialect) (*pool, error) {
	p := &pool{db: db}
	for s := range statements {
		text := d.statement(s)
		if text == "" {
			continue
		}
		stmt, err := db.PrepareContext(ctx, text) //nolint:sqlclosecheck // close does it
		if err != nil {
			return nil, errors.Join(fmt.Errorf("prepare statement %d: %w", s, err), p.close())
		}
		p.stmts[s], p.texts[s] = stmt, text
	}
	return p, nil
}

func (p *pool) close() error {
	var errs []error
	for _, stmt := range p.stmts {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, p.db.Close())...)
}
