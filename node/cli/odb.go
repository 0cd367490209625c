package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newODB(a *app) *cobra.Command {
	return parent(&cobra.Command{
		Use: "odb", Short: "The operational database itself: check it, move it",
		Long: `Works on the operational database (the ODB) itself. While a node runs, "check" and
"copy" go through it; on a node that is stopped they work on its folder (--dir).`,
		Example: `  signalbox odb check
  signalbox odb copy --to postgres://signalbox:PASSWORD@db1/signalbox`,
	}, newODBCheck(a), newODBMigrate(a), newODBCopy(a), newODBReopen(a), newODBAccept(a))
}

// odbFlag adds --odb, for a database without a node.
func odbFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("odb", "", "DSN of a database, instead of that of a node")
}

// onODB runs one of two bodies: over the admin API when a node runs, else on the
// folder of one that is stopped.
func (a *app) onODB(live func(*client.Client) error, stopped func(*node.StoppedODB) error) error {
	box := len(a.flags.urls) == 0 && (a.flags.dir != "" || a.getenv("SIGNALBOX_URL") == "")
	if box && isDir(a.nodeDir()) {
		s, err := a.stoppedODB()
		if err == nil {
			return errors.Join(stopped(s), s.Close())
		}
		if !errors.Is(err, node.ErrRunning) {
			return err
		}
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	return live(c)
}

func (a *app) stoppedODB() (*node.StoppedODB, error) {
	cfg, _, err := a.loadConfig(nil)
	if err != nil {
		return nil, err
	}
	return node.OpenStopped(cfg, newLogger(a.env.Stderr, "warn", cfg.LogFormat))
}

func newODBCheck(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Look the database over",
		Long: `Looks the ODB over and changes nothing: where it is, whether it answers and how
fast, its version, settings and tables, whether the change log and the audit log are
whole, whether references, claims and packages are what they should be. Each finding
is ok, warning or fault, with what to do. Exit code 1 when there is a fault.

With --odb it checks any database, also before there is a node.`,
		Example: `  signalbox odb check
  signalbox odb check --odb postgres://signalbox:PASSWORD@db1/signalbox
  signalbox odb check -o json | jq '.findings[] | select(.level != "ok")'`,
		Args: noArgs,
	}
	dsn := odbFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		if *dsn != "" {
			return a.checkDSN(ctx, *dsn)
		}
		return a.onODB(func(c *client.Client) error {
			report, err := c.CheckODB(ctx)
			if err != nil {
				return fmt.Errorf("check ODB: %w", err)
			}
			return a.showCheck(report)
		}, func(s *node.StoppedODB) error {
			at, err := s.DSN(ctx)
			if err != nil {
				return err
			}
			return a.checkDSN(ctx, at)
		})
	}
	return cmd
}

func (a *app) checkDSN(ctx context.Context, dsn string) error {
	report, err := node.CheckODB(ctx, dsn, newLogger(a.env.Stderr, "warn", "text"))
	if err != nil {
		return usagef("%w", err)
	}
	return a.showCheck(report)
}

func (a *app) showCheck(r odb.CheckReport) error {
	err := a.show(r, func(o *screen) {
		o.facts(
			[2]string{"database", r.Kind + " at " + r.Where},
			[2]string{"version", r.Version},
			[2]string{"revision", fmt.Sprint(r.Revision)},
		)
		o.line("")
		var rows [][]cell
		styles := map[string]style{odb.FindingWarning: yellow, odb.FindingFault: red}
		for _, f := range r.Findings {
			rows = append(rows, []cell{styled(styles[f.Level], f.Level), text(f.Check), text(f.Message), text(f.Do)})
		}
		o.table([]string{"LEVEL", "CHECK", "FOUND", "WHAT TO DO"}, rows)
	})
	if err == nil && r.Worst() == odb.FindingFault {
		err = failf(exitFailed, "the check found faults")
	}
	return err
}

func newODBMigrate(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database's tables up to date",
		Long: `Brings the tables of the ODB up to date, as a node does at each start: to do it
beforehand, or with a user who may make tables. It needs a node that is stopped
(--dir) or --odb. With --plan it only tells which steps are open.`,
		Example: `  signalbox odb migrate --plan --dir /var/lib/signalbox
  signalbox odb migrate --odb postgres://owner:PASSWORD@db1/signalbox`,
		Args: noArgs,
	}
	dsn := odbFlag(cmd)
	plan := cmd.Flags().Bool("plan", false, "only show the steps that are open")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *dsn != "" {
			return a.migrate(cmd.Context(), *dsn, *plan)
		}
		s, err := a.stoppedODB()
		if err != nil {
			return err
		}
		at, err := s.DSN(cmd.Context())
		if err == nil {
			err = a.migrate(cmd.Context(), at, *plan)
		}
		return errors.Join(err, s.Close())
	}
	return cmd
}

func (a *app) migrate(ctx context.Context, dsn string, plan bool) error {
	m, err := node.MigrateODB(ctx, dsn, plan, newLogger(a.env.Stderr, "warn", "text"))
	if err != nil {
		return err
	}
	return a.show(m, func(o *screen) {
		switch {
		case m.Made:
			o.line("The tables are at schema %d now; they were at %d.", m.Knows, m.Schema)
		case len(m.Steps) == 0:
			o.line("The tables are up to date, at schema %d.", m.Schema)
		default:
			o.line("The tables are at schema %d; %s to %d:", m.Schema, plural(len(m.Steps), "step"), m.Knows)
			for i, name := range m.Steps {
				o.line("  %d  %s", m.Schema+i+1, name)
			}
		}
	})
}

func newODBCopy(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "copy --to DSN", Short: "Move the database to another one, of any kind",
		Long: `Moves the ODB to another database, which must be empty: makes its tables, copies
everything, reads both and compares counts and checksums, and switches. Nodes go on
serving and follow by themselves within a second, also after a restart; changes made
in between wait a few seconds. Until the switch any failure leaves all as it was.

After it the old database takes no changes any more. Delete it when you are content;
"signalbox odb reopen" makes it usable again.`,
		Example: `  signalbox odb copy --to postgres://signalbox:PASSWORD@db1/signalbox
  signalbox odb copy --to-env NEW_ODB --dir /var/lib/signalbox
  signalbox odb copy --to sqlite:odb.sqlite`,
		Args: noArgs,
	}
	to := cmd.Flags().String("to", "", "DSN of the new, empty database; a relative file starts in the node's folder")
	toEnv := cmd.Flags().String("to-env", "", "environment variable that has the DSN, where other users do not see its password")
	cmd.MarkFlagsMutuallyExclusive("to", "to-env")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dsn := *to
		if *toEnv != "" {
			dsn = a.getenv(*toEnv)
		}
		if dsn == "" {
			return usagef("no database is named").trying("signalbox odb copy --to postgres://USER:PASSWORD@HOST/DATABASE")
		}
		target, err := odb.ParseDSN(dsn)
		if err != nil {
			return usagef("the DSN of --to %w", err)
		}
		return a.copyODB(cmd.Context(), dsn, target)
	}
	return cmd
}

func (a *app) copyODB(ctx context.Context, dsn string, target odb.DSN) error {
	last := time.Now()
	progress := func(s client.CopyStep) {
		if s.Phase != "copy" || time.Since(last) > time.Second {
			a.note("%s%s", s.Phase, word(s.Rows > 0, fmt.Sprintf(" %d rows", s.Rows), ""))
			last = time.Now()
		}
	}
	var done client.CopiedODB
	err := a.onODB(func(c *client.Client) (err error) {
		done, err = c.CopyODB(ctx, dsn, progress)
		return err
	}, func(s *node.StoppedODB) (err error) {
		done, err = s.Copy(ctx, dsn, progress)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy ODB to %s %s: %w", target.Kind, target.Where(), err)
	}
	return a.show(done, func(o *screen) {
		o.line("The ODB is at %s now.", done.To)
		o.line("")
		o.facts(
			[2]string{"revision", fmt.Sprint(done.Revision)},
			[2]string{"rows", fmt.Sprintf("%d in %d tables, counts and checksums compared", done.Rows, len(done.Tables))},
			[2]string{"changes waited", (time.Duration(done.FrozenMS) * time.Millisecond).String()},
			[2]string{"this node", word(done.Followed, "uses it", "follows as soon as it can")},
			[2]string{"old database", done.From + " takes no changes any more"},
		)
	})
}

func newODBReopen(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "reopen --odb DSN", Short: "Make a database usable again that was moved away",
		Long: `Makes a database take changes again that "signalbox odb copy" has moved away, as it
was at that moment. What was changed since, at the new place, is not in it. Nodes use
it again when odb in their node.toml names it. To bring all of it back, copy the new
one to an empty database instead.`,
		Example: `  signalbox odb reopen --odb sqlite:/var/lib/signalbox/odb.sqlite --yes`,
		Args:    noArgs,
	}
	dsn := odbFlag(cmd)
	yes := cmd.Flags().Bool("yes", false, "do it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *dsn == "" {
			return usagef("--odb is needed: the database that was moved away")
		}
		if !*yes {
			return usagef("changes made at the new place are not in this database; --yes is needed")
		}
		if err := node.ReopenODB(cmd.Context(), *dsn, newLogger(a.env.Stderr, "warn", "text")); err != nil {
			return err
		}
		a.note("The database takes changes again.")
		return nil
	}
	return cmd
}
