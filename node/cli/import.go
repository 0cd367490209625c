package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/importer/zato"
	"signalbox.internal/odb"
)

func newImport(a *app) *cobra.Command {
	return parent(&cobra.Command{
		Use: "import", Short: "Take over the configuration of another product",
		Long: `Reads the configuration of another integration product and makes definitions of
what Signalbox has too, with a report of what was taken, changed and left out.`,
		Example: `  signalbox import zato enmasse.yaml --dry-run
  signalbox import zato --help`,
	}, newImportZato(a))
}

const importZatoLong = `Reads Zato's enmasse files (YAML or JSON, 2.x to 4.x, with what they include) and
makes definitions: security, REST channels, outgoing REST and SQL connections.
Everything becomes one revision, or nothing is changed. The report names every
object of the files once:

  taken    it is here as it was
  changed  it is here, and its notes say what is different
  left     it is not here; the report says why and what to do

The exit code is 0 only when nothing was left, else 1; what could be taken is in
force all the same. The same files imported again change nothing.

How to migrate:
  1. Export from Zato:  zato enmasse /path/to/server1 --export --output zato.yaml
  2. Look:  signalbox import zato zato.yaml --dry-run
  3. Channels call services, whose code is not in the files. Write them here, deploy
     them under their old names, or name others: --map OLD=NEW, or --service-map with
     a file of lines "OLD: NEW". With --placeholder SERVICE, channels whose service is
     missing call that one until theirs is there.
  4. Zato exports no passwords. A definition without one refers to a variable of the
     nodes' environment; set it there, or give the password: the report has the
     command. Passwords that are in the files are sealed by the node. Values such as
     $NAME, ${NAME} and Zato_Enmasse_Env.NAME become references where they are
     passwords, and are filled in from this command's environment elsewhere.
  5. Hosts in your own networks must be allowed: --allow 10.0.0.0/8.
  6. Import; then again whenever something has become ready.

With --to FILE nothing is applied and no cluster is needed: the definitions are
written to a file, for "signalbox apply", with references in place of passwords.`

// importFlags are the flags of import zato.
type importFlags struct {
	services    []string
	serviceMap  string
	placeholder string
	allow       []string
	to          string
	reason      string
	dryRun      bool
	outside     bool
}

func newImportZato(a *app) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use: "zato FILE...", Short: "Import enmasse files of Zato",
		Long: importZatoLong,
		Example: `  signalbox import zato enmasse.yaml --dry-run
  signalbox import zato enmasse.yaml --map crm.get-customer=crm.customer
  signalbox import zato security.yaml channels.json --service-map services.yaml
  signalbox import zato enmasse.yaml --placeholder migration.pending --allow 10.0.0.0/8
  signalbox import zato enmasse.yaml --to signalbox.yaml
  signalbox import zato zato.yaml --dry-run -o json | jq '.objects[] | select(.outcome == "left")'`,
		Args: args(1, -1, "FILE"),
		RunE: func(cmd *cobra.Command, files []string) error {
			im := &importer{a: a, importFlags: f}
			return im.run(cmd.Context(), files)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.dryRun, "dry-run", false, "only show the report and what would change")
	fl.StringArrayVar(&f.services, "map", nil, "call another service: OLD=NEW; may be given more than once")
	fl.StringVar(&f.serviceMap, "service-map", "", "file with lines OLD: NEW, the names of services in Zato and here")
	fl.StringVar(&f.placeholder, "placeholder", "", "service that is called in place of those that are not in the cluster")
	fl.StringSliceVar(&f.allow, "allow", nil, "network that outgoing connections may reach besides public ones; may be given more than once")
	fl.BoolVar(&f.outside, "follow-outside", false, "read included files outside of the folder of the file that includes them, too")
	fl.StringVar(&f.to, "to", "", "write the definitions to this new file and apply nothing; needs no cluster")
	fl.StringVarP(&f.reason, "reason", "m", "", "why, for the history")
	cmd.MarkFlagsMutuallyExclusive("to", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("to", "reason")
	_ = cmd.RegisterFlagCompletionFunc("placeholder", a.completeService)
	return cmd
}

// importer is one run of import zato.
type importer struct {
	a *app
	importFlags
}

// imported is the result: the report, and what became of the definitions.
type imported struct {
	zato.Report
	Revision int64           `json:"revision,omitempty"`
	Changes  []client.Change `json:"changes"`
	DryRun   bool            `json:"dry_run,omitempty"`
	File     string          `json:"file,omitempty"`
	Running  bool            `json:"running,omitempty"`
	Problems []odb.Problem   `json:"problems,omitempty"`
}

func (im *importer) run(ctx context.Context, files []string) error {
	services, err := im.names()
	if err != nil {
		return err
	}
	in, err := im.read(files)
	if err != nil {
		return err
	}
	cfg := zato.Config{
		Services: services, Placeholder: im.placeholder, Allow: im.allow,
		References: im.to != "", LookupEnv: im.a.env.LookupEnv,
	}
	if im.to != "" {
		result, err := zato.Convert(in, cfg)
		if err != nil {
			return err
		}
		return im.write(result)
	}
	c, err := im.a.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	if cfg.Current, err = allDefinitions(ctx, c); err != nil {
		return err
	}
	result, err := zato.Convert(in, cfg)
	if err != nil {
		return err
	}
	return im.apply(ctx, c, result)
}

// names reads what services are called here.
func (im *importer) names() (map[string]string, error) {
	out := map[string]string{}
	if im.serviceMap != "" {
		text, err := (&input{a: im.a}).read(im.serviceMap)
		if err != nil {
			return nil, err
		}
		tree, err := odb.ParseYAML(text, 0)
		if err != nil {
			return nil, odb.Errorf(odb.Invalid, "read", im.serviceMap, "%w", err)
		}
		pairs, ok := tree.(map[string]any)
		if !ok {
			return nil, odb.Errorf(odb.Invalid, "read", im.serviceMap, "lines of the form OLD: NEW are needed")
		}
		for old, v := range pairs {
			name, ok := v.(string)
			if !ok || name == "" {
				return nil, odb.Errorf(odb.Invalid, "read", im.serviceMap, "the service %q has no name here", old)
			}
			out[old] = name
		}
	}
	for _, pair := range im.services {
		old, name, ok := strings.Cut(pair, "=")
		if !ok || old == "" || name == "" {
			return nil, usagef("--map is %q; OLD=NEW is needed", pair)
		}
		out[old] = name
	}
	return out, nil
}

// read reads the files with what they include.
func (im *importer) read(files []string) (*zato.Input, error) {
	in := &zato.Input{}
	stdin := &input{a: im.a}
	for _, name := range files {
		text, err := stdin.read(name)
		if err != nil {
			return nil, err
		}
		open := im.open
		if name == "-" {
			name, open = "standard input", nil
		}
		if err := in.Read(filepath.ToSlash(name), []byte(text), open); err != nil {
			if odb.KindOf(err) == odb.Denied {
				return nil, failf(exitFailed, "%w", err).trying("--follow-outside, when you trust the files")
			}
			return nil, err
		}
	}
	return in, nil
}

// open reads an included file: only below the folder of the user's own file, links
// followed, unless the user has said otherwise. Files come from elsewhere, and
// what they include would end up in the configuration.
func (im *importer) open(main, name string) ([]byte, error) {
	path := filepath.FromSlash(name)
	if im.outside {
		text, err := (&input{a: im.a}).read(path)
		return []byte(text), err
	}
	dir := filepath.Dir(filepath.FromSlash(main))
	outside := odb.Errorf(odb.Denied, "read", name, "it is not in the folder %s or below it", dir)
	rel, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return nil, outside
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	file, err := root.Open(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fileError(name, err)
	case err != nil:
		return nil, outside
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return readIncluded(name, file)
}

// readIncluded reads a plain file.
func readIncluded(name string, file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, odb.Errorf(odb.Invalid, "read", name, "it is not a plain file")
	}
	text, err := readAll(io.Reader(file), maxInput)
	if err != nil {
		return nil, fileError(name, err)
	}
	return text, nil
}

// allDefinitions reads the whole configuration; it is never nil.
func allDefinitions(ctx context.Context, c *client.Client) ([]odb.Definition, error) {
	all := []odb.Definition{}
	for _, kind := range odb.KindNames() {
		defs, err := c.AllDefinitions(ctx, kind, client.Query{})
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind, err)
		}
		all = append(all, defs...)
	}
	return all, nil
}

// apply applies the documents, or shows what that would change.
func (im *importer) apply(ctx context.Context, c *client.Client, result zato.Result) error {
	out := imported{Report: result.Report, Changes: []client.Change{}, DryRun: im.dryRun}
	if len(result.Documents) > 0 {
		text, err := json.Marshal(documentList(result.Documents))
		if err != nil {
			return fmt.Errorf("write definitions: %w", err)
		}
		docs := []client.Document{{Name: "import", Text: string(text)}}
		plan, err := c.Plan(ctx, client.PlanRequest{Documents: docs})
		if err != nil {
			return fmt.Errorf("plan import: %w", err)
		}
		out.Revision, out.Changes = plan.Revision, list(plan.Changes)
		if !im.dryRun && len(plan.Changes) > 0 {
			applied, err := c.Apply(ctx, client.ApplyRequest{Documents: docs, Reason: im.why(), Revision: plan.Revision})
			if err != nil {
				return fmt.Errorf("apply import: %w", err)
			}
			out.Revision, out.Changes, out.Running, out.Problems = applied.Revision, list(applied.Changes), applied.Running, applied.Problems
			im.a.warnProblems(applied.Problems)
		}
	}
	return im.done(out)
}

func (im *importer) why() string {
	if im.reason == "" {
		return "import from Zato"
	}
	return im.reason
}

// write writes the documents to a new file.
func (im *importer) write(result zato.Result) error {
	defs, err := result.Definitions()
	if err != nil {
		return err
	}
	text, err := odb.FormatDocuments(defs)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(im.to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // there is no secret in it
	if errors.Is(err, fs.ErrExist) {
		return odb.Errorf(odb.Conflict, "write", im.to, "the file is there already; delete it, or give another name")
	}
	if err != nil {
		return fileError(im.to, err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", im.to, err)
	}
	return im.done(imported{Report: result.Report, Changes: []client.Change{}, File: im.to})
}
