package cli

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"signalbox.internal/node/sdk/typescript"
	"signalbox.internal/odb"
)

// The files of a new package. Their names end in .tmpl, so that no tool takes
// them for code of this repository.
//
//go:embed skeleton
var skeleton embed.FS

func newNew(a *app) *cobra.Command {
	var types bool
	cmd := &cobra.Command{
		Use: "new FOLDER", Short: "Make a package of services to start from",
		Long: `Makes a folder with a service, its test and its settings: a package that
"signalbox test" and "signalbox deploy" take as it is. The sources of @signalbox/sdk
are put into its node_modules, where editors look for types; deploy leaves them out.

With --types only these are written, into the folder of a package that exists:
after a clone, or for those of a newer version of this program.`,
		Example: `  signalbox new orders
  signalbox test orders && signalbox deploy orders
  signalbox invoke orders.hello -d '{"name": "Ala"}'
  signalbox new --types orders`,
		Args: args(1, 1, "FOLDER"),
		RunE: func(_ *cobra.Command, given []string) error {
			dir := given[0]
			var files []string
			if !types {
				var err error
				if files, err = writeSkeleton(dir); err != nil {
					return err
				}
			} else if !isDir(dir) {
				return odb.Errorf(odb.NotFound, "write types into", dir, "there is no such folder")
			}
			sdk := filepath.Join(dir, "node_modules", "@signalbox", "sdk")
			if err := copyTree(typescript.Files(), sdk); err != nil {
				return fmt.Errorf("write types: %w", err)
			}
			result := map[string]any{"dir": dir, "files": list(files), "types": sdk}
			return a.show(result, func(o *screen) {
				for _, f := range files {
					o.line("%s", filepath.Join(dir, f))
				}
				o.line("%s", sdk+string(filepath.Separator))
				if !types {
					o.line("")
					o.line("Try:  signalbox test %s", quoteArg(dir))
					o.line("      signalbox deploy %s", quoteArg(dir))
				}
			})
		},
	}
	cmd.Flags().BoolVar(&types, "types", false, "only write the types of @signalbox/sdk into an existing package")
	return cmd
}

// writeSkeleton makes the package in dir, which must be missing or empty, and
// returns the names of its files.
func writeSkeleton(dir string) ([]string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("make package %s: %w", dir, err)
	}
	name := odb.CleanName(filepath.Base(abs))
	if err := odb.CheckName(name); err != nil {
		return nil, usagef("make package %s: %w", dir, err)
	}
	entries, err := os.ReadDir(abs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make package %s: %w", dir, err)
	}
	if len(entries) > 0 {
		return nil, odb.Errorf(odb.Conflict, "make package", dir, "the folder is there and not empty")
	}
	files := []string{"signalbox.yaml", "tsconfig.json", ".gitignore", filepath.Join("src", "hello.ts"), filepath.Join("src", "hello.test.ts")}
	for _, f := range files {
		if err := writeTemplate(f, filepath.Join(abs, f), name); err != nil {
			return nil, fmt.Errorf("make package %s: %w", dir, err)
		}
	}
	return files, nil
}

func writeTemplate(file, to, name string) error {
	source := path.Join("skeleton", strings.TrimPrefix(filepath.Base(file), ".")+".tmpl")
	t, err := template.ParseFS(skeleton, source)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]string{"Name": name}); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // sources are no secret
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644) //nolint:gosec // sources are no secret
}

// copyTree writes every file of a file system below dir.
func copyTree(from fs.FS, dir string) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755) //nolint:gosec // sources are no secret
		}
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644) //nolint:gosec // sources are no secret
	})
}
