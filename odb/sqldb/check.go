package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"signalbox.internal/odb"
)

// From where on the latency and the clock of a database are worth a warning.
const (
	slowLatency = 50 * time.Millisecond
	farClock    = 5 * time.Second
)

// Check looks an ODB over and changes nothing, whether a node uses it or not. It
// makes no tables and no file, so it may be asked before there is a node. Only a
// DSN that is none is an error; all else, a database that cannot be reached
// included, is a finding.
func Check(ctx context.Context, cfg Config) (odb.CheckReport, error) {
	dsn, err := odb.ParseDSN(cfg.DSN)
	if err != nil {
		return odb.CheckReport{}, odb.Errorf(odb.Invalid, "check ODB", "", "the DSN %w", err)
	}
	c := checker{CheckReport: odb.CheckReport{Kind: dsn.Kind, Where: dsn.Where(), Knows: SchemaVersion(), Findings: []odb.Finding{}}}
	c.run(ctx, dsn, cmp.Or(cfg.Log, slog.Default()))
	return c.CheckReport, nil
}

type checker struct {
	odb.CheckReport
	db *DB
}

// note adds what err says, or that all is well.
func (c *checker) note(check string, err error, well, do string) bool {
	if err != nil {
		c.Add(check, odb.FindingFault, err.Error(), do)
		return false
	}
	c.Add(check, odb.FindingOK, well, "")
	return true
}

func (c *checker) run(ctx context.Context, dsn odb.DSN, log *slog.Logger) {
	if dsn.Kind == "sqlite" {
		if _, err := os.Stat(dsn.File); err != nil {
			c.Add("reach", odb.FindingFault, err.Error(), "make a node with \"signalbox init\", or correct the path")
			return
		}
	}
	d, open := openerOf(dsn)
	p, err := open(ctx, dsn)
	if !c.note("reach", d.typed(ctx, "open ODB", dsn.Where(), err), "the database answers", "look whether it runs, and whether address, user and password are right") {
		return
	}
	c.db = &DB{dialect: d, where: p.where, log: log, write: &pool{db: p.write}, read: &pool{db: p.read}}
	defer func() { _ = errors.Join(p.write.Close(), p.read.Close()) }()
	c.server(ctx)
	if !c.schema(ctx) {
		return
	}
	if c.db.read, err = newPool(ctx, p.read, d); !c.note("statements", err, "the database understands every statement", "look at the database's version") {
		return
	}
	for _, check := range []func(context.Context){c.times, c.mode, c.counts, c.log, c.definitions, c.links, c.audit, c.packages} {
		check(ctx)
	}
}

// server looks at the database program: its version and settings.
func (c *checker) server(ctx context.Context) {
	err := c.db.read.db.QueryRowContext(ctx, c.db.dialect.version).Scan(&c.Version)
	if !c.note("version", err, c.Kind+" "+c.Version, "") {
		return
	}
	settings := map[string]func(context.Context){"sqlite": c.sqlite, "postgres": c.postgres, "mysql": c.mysql}
	if look := settings[c.Kind]; look != nil {
		look(ctx)
	}
}

// ask reads one value of the database program's own.
func (c *checker) ask(ctx context.Context, query string) (string, error) {
	var value string
	err := c.db.write.db.QueryRowContext(ctx, query).Scan(&value)
	return value, err
}

// setting is one of the database program's own.
type setting struct {
	check, query string
	good         []string
	level        string // of another value
	do           string
}

// want compares settings with what they should be.
func (c *checker) want(ctx context.Context, all ...setting) {
	for _, s := range all {
		value, err := c.ask(ctx, s.query)
		switch {
		case err != nil:
			c.Add(s.check, odb.FindingWarning, "cannot be read: "+err.Error(), "")
		case slices.Contains(s.good, value):
			c.Add(s.check, odb.FindingOK, value, "")
		default:
			c.Add(s.check, s.level, "is "+value+", not "+s.good[0], s.do)
		}
	}
}

// schema compares the database's tables with what this program knows.
func (c *checker) schema(ctx context.Context) bool {
	applied, err := appliedSchema(ctx, c.db.read.db, c.db.dialect)
	if err != nil {
		return c.note("schema", err, "", "")
	}
	c.Schema = applied
	switch {
	case applied == 0:
		c.Add("schema", odb.FindingWarning, "there are no tables yet", "nothing; they are made when a node starts, or by \"signalbox odb migrate\"")
	case applied > c.Knows:
		c.Add("schema", odb.FindingFault, fmt.Sprintf("is %d and this program knows only %d", applied, c.Knows), "run a newer program")
	case applied < c.Knows:
		c.Add("schema", odb.FindingWarning, fmt.Sprintf("is %d; this program works with %d", applied, c.Knows), "start the node, or run \"signalbox odb migrate\"")
	default:
		c.Add("schema", odb.FindingOK, fmt.Sprintf("is %d, as this program wants it", applied), "")
		return true
	}
	return false
}

// times measures latency and clock; the median of a few, as one may be unlucky.
func (c *checker) times(ctx context.Context) {
	var took, ahead []time.Duration
	for range 5 {
		var rev, us int64
		began := time.Now()
		if err := c.db.glance(ctx, dumpMoment, nil, &rev, &us); err != nil {
			c.note("latency", err, "", "")
			return
		}
		d := time.Since(began)
		took, ahead = append(took, d), append(ahead, instant(us).Sub(began.Add(d/2)))
		c.Revision = rev
	}
	slices.Sort(took)
	slices.Sort(ahead)
	c.Latency, c.ClockAway = took[2], ahead[2]
	level, do := odb.FindingOK, ""
	if c.Latency > slowLatency {
		level, do = odb.FindingWarning, "look at the network between this box and the database"
	}
	c.Add("latency", level, c.Latency.Round(10*time.Microsecond).String(), do)
	level, do = odb.FindingOK, ""
	if c.ClockAway.Abs() > farClock {
		level, do = odb.FindingWarning, "set the clocks of both by NTP: times in the history are the database's"
	}
	c.Add("clock", level, c.ClockAway.Round(time.Millisecond).String()+" ahead of this box", do)
}

// mode tells whether the database takes changes.
func (c *checker) mode(ctx context.Context) {
	err := c.db.Marked(ctx)
	switch m, moved := errors.AsType[*odb.Moved](err); {
	case err == nil:
		c.Add("open", odb.FindingOK, "takes changes", "")
	case moved:
		c.Add("open", odb.FindingWarning, m.Error(), "nodes follow by themselves; set odb in node.toml to the new place, or \"signalbox odb reopen\" to go back")
	default:
		c.Add("open", odb.FindingWarning, err.Error(), "wait for the copy, or run it again: it goes on when it was broken off")
	}
}

func (c *checker) counts(ctx context.Context) {
	err := c.db.look(ctx, "count", c.db.where, func(t *tx) error {
		for _, tab := range tables() {
			n := odb.TableCount{Table: tab.name}
			if err := t.sql.QueryRowContext(t.ctx, "SELECT COUNT(*) FROM "+tab.name).Scan(&n.Rows); err != nil {
				return fmt.Errorf("count %s: %w", tab.name, err)
			}
			c.Tables = append(c.Tables, n)
		}
		return nil
	})
	if err != nil {
		c.note("counts", err, "", "")
	}
}
