package quickjs

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	namespaceFiles = "package"   // the package's own files
	namespaceOwn   = "signalbox" // what the engine adds
	entryModule    = "entry"
	sdkModule      = "@signalbox/sdk"
	testModule     = "@signalbox/sdk/test"
)

// banner begins every bundle. Its first line is empty: the SDK is one line, so
// line 1 in a stack trace is the SDK's and all others are the package's.
const banner = "\n\"use strict\";"

// bundle is a package as one script.
type bundle struct {
	code     string
	mappings []byte // source map
	warnings []Message
}

// bundler makes one script of a package's files. Nothing is read from disk.
type bundler struct {
	src   Source
	stubs map[string]string // modules that the engine provides, by import path
	entry string            // the generated module that imports the package's files
}

// serviceEntry generates the module that hands the exports of files to the engine.
func serviceEntry(files []string) string {
	var b, list strings.Builder
	for i, name := range files {
		fmt.Fprintf(&b, "import * as m%d from %s;\n", i, quote(name))
		fmt.Fprintf(&list, "%s: m%d, ", quote(name), i)
	}
	fmt.Fprintf(&b, "globalThis.__signalbox.collect({%s});\n", list.String())
	return b.String()
}

// stub generates the module that hands the engine's built-in exports to a bundle.
func stub(global string, exports []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "const s = globalThis.__signalbox.%s;\n", global)
	for _, name := range exports {
		fmt.Fprintf(&b, "export const %s = s.%s;\n", name, name)
	}
	return b.String()
}

// quote writes a file name as a JavaScript text.
func quote(name string) string {
	text, err := json.Marshal(name)
	if err != nil {
		return `""`
	}
	return string(text)
}

func (b *bundler) run() (*bundle, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{entryModule}, Bundle: true, Write: false, Outfile: "bundle.js", AbsWorkingDir: "/",
		Format: api.FormatIIFE, Platform: api.PlatformNeutral, Target: api.ES2023, TsconfigRaw: "{}",
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
		Banner: map[string]string{"js": banner}, LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent,
		Plugins: []api.Plugin{{Name: "signalbox", Setup: func(p api.PluginBuild) {
			p.OnResolve(api.OnResolveOptions{Filter: ".*"}, b.resolve)
			p.OnLoad(api.OnLoadOptions{Filter: ".*"}, b.load)
		}}},
	})
	if len(result.Errors) > 0 {
		return nil, buildError(b.src.Name, messagesOf(result.Errors)...)
	}
	out := &bundle{warnings: messagesOf(result.Warnings)}
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			out.mappings = f.Contents
		} else {
			out.code = string(f.Contents)
		}
	}
	return out, nil
}

// resolve says which module an import means.
func (b *bundler) resolve(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if a.Kind == api.ResolveEntryPoint {
		return api.OnResolveResult{Path: entryModule, Namespace: namespaceOwn}, nil
	}
	if a.Namespace == namespaceOwn { // the generated entry names files as they are
		return api.OnResolveResult{Path: a.Path, Namespace: namespaceFiles}, nil
	}
	if _, ok := b.stubs[a.Path]; ok {
		return api.OnResolveResult{Path: a.Path, Namespace: namespaceOwn}, nil
	}
	if strings.HasPrefix(a.Path, "./") || strings.HasPrefix(a.Path, "../") || a.Path == "." || a.Path == ".." {
		return b.resolveFile(path.Join(path.Dir(a.Importer), a.Path), a.Path)
	}
	if a.Path == testModule {
		return refuse("%s is for tests: only files named *.test.ts may import it", testModule)
	}
	return refuse("cannot import %q: a package may import its own files (by ./name) and %s; copy other code into the package", a.Path, sdkModule)
}

// resolveFile finds the file that an import of the package's own files means: as
// written, with an extension added, a .ts file behind a .js name, or a folder's index.
func (b *bundler) resolveFile(name, written string) (api.OnResolveResult, error) {
	candidates := []string{name, name + ".ts", name + ".js", name + ".mts", name + ".mjs", name + ".json"}
	if stem, ok := strings.CutSuffix(name, "js"); ok && strings.HasSuffix(stem, ".") {
		candidates = append(candidates, stem+"ts")
	}
	if stem, ok := strings.CutSuffix(name, ".mjs"); ok {
		candidates = append(candidates, stem+".mts")
	}
	candidates = append(candidates, path.Join(name, "index.ts"), path.Join(name, "index.js"))
	for _, c := range candidates {
		if _, ok := b.src.Files[c]; ok {
			return api.OnResolveResult{Path: c, Namespace: namespaceFiles}, nil
		}
	}
	return refuse("cannot find %q: the package has no file %s (nor with .ts or .js added)", written, name)
}

func refuse(format string, args ...any) (api.OnResolveResult, error) {
	return api.OnResolveResult{Errors: []api.Message{{Text: fmt.Sprintf(format, args...)}}}, nil
}

// textFiles are the extensions of files that are imported as a text.
func textFiles() []string {
	return []string{".txt", ".xml", ".xsd", ".xsl", ".csv", ".html", ".sql", ".md", ".tmpl", ".yaml", ".yml", ".graphql"}
}

func (b *bundler) load(a api.OnLoadArgs) (api.OnLoadResult, error) {
	if a.Namespace == namespaceOwn {
		text := b.entry
		if a.Path != entryModule {
			text = b.stubs[a.Path]
		}
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
	}
	text := string(b.src.Files[a.Path])
	loader := api.LoaderTS
	switch ext := path.Ext(a.Path); {
	case isCode(a.Path) && strings.HasSuffix(ext, "js"):
		loader = api.LoaderJS
	case isCode(a.Path), strings.HasSuffix(a.Path, ".d.ts"), strings.HasSuffix(a.Path, ".d.mts"):
	case ext == ".json":
		loader = api.LoaderJSON
	case slices.Contains(textFiles(), ext):
		loader = api.LoaderText
	default:
		return api.OnLoadResult{Errors: []api.Message{{Text: fmt.Sprintf("cannot import %s: only .ts, .js, .json and text files (%s) can be imported", a.Path, strings.Join(textFiles(), ", "))}}}, nil
	}
	return api.OnLoadResult{Contents: &text, Loader: loader}, nil
}
