// Package main_test keeps the rules of the repository that no compiler and no
// linter sees, because they concern the module as a whole: who may import whom, what
// the node's binary may contain, and what every file and package must have.
//
// A rule is a function from a parsed file (or package) to the faults in it, so that
// TestRulesCatch can show each rule a file that breaks it. A fault says what to do
// instead. The files are parsed, not asked of the go command, so that code for every
// platform is seen, and so that go test's cache notices when one of them changes.
package main_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	module   = "signalbox.internal"
	mainPkg  = "node/cmd/signalbox" // the binary that runs on a node
	maxLines = 400
	thisFile = "arch_test.go"
)

// row is a package's line in the import table. Names are folders of this module; one
// that ends in "/..." means the folder and all below it, "..." means any.
type row struct {
	may    []string // what its code may import of ours
	tests  []string // what its tests may import besides
	design bool     // it must have a DESIGN.md: there is a why to tell
}

// table is ARCHITECTURE.md's "Packages", row for row: change both in one commit.
// A package below a "/..." row may also import the others of that row.
var table = map[string]row{
	// Leaves and vocabulary.
	"odb":         {design: true, tests: []string{"odb/sqldb"}},
	"odb/sqldb":   {may: []string{"odb", "odb/oraconn"}, tests: []string{"build/testservers"}},
	"odb/oraconn": {},
	"odb/odbtest": {may: []string{"odb", "odb/sqldb"}},
	"cluster":     {design: true},
	// Announcements are heard by the desktop app too, which must not know the rest of cluster.
	"cluster/discovery": {},
	"lb":                {design: true},
	"scheduler":         {design: true, may: []string{"odb"}},
	"node/config":       {may: []string{"odb"}},
	"node/problem":      {},
	"node/netguard":     {},
	"node/kv":           {},

	// Services and the engines that run them.
	"node/library/...": {},
	"node/service":     {may: []string{"odb", "node/library/..."}},
	// The sources of @signalbox/sdk: for the engine, and for the compiler beside the desktop app.
	"node/sdk/typescript": {},
	"node/sdk/...":        {may: []string{"node/service", "node/library/..."}},
	"node/engine/quickjs": {may: []string{"node/service", "node/library/...", "node/sdk/..."}},
	"node/engine/worker":  {may: []string{"node/service"}},
	"node/deploy/...":     {may: []string{"odb", "node/service", "node/engine/quickjs"}},
	"node/demo/...":       {may: []string{"odb", "node/library/...", "node/service"}},
	"node/importer/zato":  {design: true, may: []string{"odb"}},

	// What a request passes, in and out.
	"node/security": {design: true, may: []string{"odb", "node/problem", "node/netguard"}},
	"node/channel":  {design: true, may: []string{"odb", "node/service", "node/security", "node/library/...", "node/problem"}},
	"node/outgoing": {design: true, may: []string{"odb", "odb/oraconn", "node/service", "node/netguard"}},
	"node/stats":    {may: []string{"odb", "node/kv"}},
	"node/lastgood": {may: []string{"odb", "cluster"}},

	"node/backup": {design: true, may: []string{"odb"}},

	// Who belongs to the cluster, and how its nodes speak to each other.
	"node/member": {may: []string{"odb", "cluster"}},
	"node/peer":   {may: []string{"cluster"}},

	// The admin API, its client and the audit log.
	"node/audit":        {may: []string{"odb"}},
	"node/admin/client": {may: []string{"odb"}},
	"node/admin": {may: []string{
		"odb", "node/service", "node/security", "node/stats", "node/problem", "node/channel",
		"node/outgoing", "node/engine/quickjs", "node/admin/client", "node/deploy/...",
	}},

	// The user interface at a node's control port.
	"node/console": {design: true, tests: []string{"app", "node/nodetest"}, may: []string{"frontend/page", "node/admin", "node/admin/client", "node/problem"}},

	// The composition root, and what stands on it.
	"node": {design: true, may: []string{
		"odb", "odb/sqldb", "cluster", "cluster/discovery", "lb", "scheduler", "node/admin", "node/admin/client", "node/audit", "node/backup",
		"node/channel",
		"node/config", "node/demo/...", "node/deploy/...", "node/engine/quickjs", "node/engine/worker", "node/kv", "node/lastgood",
		"node/library/...", "node/member", "node/outgoing", "node/peer", "node/problem", "node/sdk/...", "node/security", "node/service",
		"node/stats", "node/console", "frontend",
	}},
	"node/supervise": {},
	"node/systemd":   {},
	"node/nodetest":  {may: []string{"node", "node/config", "node/admin/client", "node/service", "odb"}},
	"node/cli": {tests: []string{"node/nodetest"}, may: []string{
		"node", "node/backup", "node/config", "node/admin/client", "node/deploy/...", "odb", "node/engine/quickjs", "node/library/...",
		"node/sdk/...", "node/service", "node/supervise", "node/systemd", "node/demo/...", "node/importer/zato",
	}},
	"node/cmd/signalbox": {may: []string{"node/cli"}},
	"build/bench":        {may: []string{"..."}},
	"build/icons":        {},
	"build":              {},
	"build/inventory":    {},
	"build/testservers":  {},

	// The desktop app.
	"app":           {design: true, may: []string{"cluster/discovery", "node/admin/client", "node/sdk/typescript", "frontend/page"}, tests: []string{"node/nodetest"}},
	"app/console":   {may: []string{"app"}},
	"app/typegen":   {},
	"app/desktop":   {design: true, may: []string{"app"}},
	"frontend":      {design: true},
	"frontend/page": {},
	".":             {may: []string{"app/desktop", "frontend"}},
}

// mayPanic lists the packages whose code may call panic, each with its reason.
var mayPanic = map[string]string{
	"app":                 "it passes on http.ErrAbortHandler, by which net/http breaks off an answer; it ends no process",
	"node/library/xmlmap": "a running XPath expression can be left in no other way; the package recovers it itself",
}

// file is one source file; path is relative to the repository, with slashes.
type file struct {
	path string
	src  string
	ast  *ast.File // nil unless it is Go
	fset *token.FileSet
}

func (f file) pkg() string { return path.Dir(f.path) }
func (f file) isGo() bool  { return f.ast != nil }
func (f file) isTest() bool {
	return strings.HasSuffix(f.path, "_test.go") || strings.Contains(f.path, ".test.ts")
}

func (f file) isGenerated() bool {
	if f.isGo() {
		return ast.IsGenerated(f.ast)
	}
	first, _, _ := strings.Cut(f.src, "\n")
	return strings.HasPrefix(first, "// Code generated ") && strings.HasSuffix(first, " DO NOT EDIT.")
}

// isTool says whether the file is a program to be started by hand with go run.
func (f file) isTool() bool {
	return slices.ContainsFunc(f.ast.Comments, func(c *ast.CommentGroup) bool {
		return c.Pos() < f.ast.Package && strings.HasPrefix(c.List[0].Text, "//go:build ignore")
	})
}

// imports says whether the file imports the package with this exact path.
func (f file) imports(pkg string) bool {
	return slices.ContainsFunc(f.ast.Imports, func(s *ast.ImportSpec) bool { return importPath(s) == pkg })
}

// at gives the position of a node for a fault: path:line.
func (f file) at(p token.Pos) string { return fmt.Sprintf("%s:%d", f.path, f.fset.Position(p).Line) }

func importPath(s *ast.ImportSpec) string {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return s.Path.Value
	}
	return p
}

// sources parses every source file of the repository once.
var sources = sync.OnceValues(func() ([]file, error) {
	var files []file
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if skipped(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".ts", ".tsx"}, path.Ext(name)) {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parse(name, string(src))
		files = append(files, f)
		return err
	})
	return files, err
})

// load gives a test all source files.
func load(t *testing.T) []file {
	t.Helper()
	files, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Fatalf("found %d source files: the test must run in the repository's top folder", len(files))
	}
	return files
}

// skipped says whether a folder holds no sources of ours.
func skipped(dir string) bool {
	base := path.Base(dir)
	return dir == "build/dev" || base == "testdata" || base == "node_modules" || base == "dist" ||
		(dir != "." && strings.HasPrefix(base, "."))
}

func parse(name, src string) (file, error) {
	f := file{path: name, src: src}
	if path.Ext(name) != ".go" {
		return f, nil
	}
	f.fset = token.NewFileSet()
	var err error
	f.ast, err = parser.ParseFile(f.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	return f, err
}

// rules look at one file each and answer with the faults they find in it.
var rules = map[string]func(file) []string{
	"imports follow the table":   imports,
	"files are short":            size,
	"no cgo":                     noCgo,
	"no init function":           noInit,
	"no panic":                   noPanic,
	"no linkname":                noLinkname,
	"Wails is at home":           wailsAtHome,
	"no sleep in tests":          noSleepInTest,
	"nothing is left unfinished": noUnfinished,
}

// TestFiles holds every source file to every rule.
func TestFiles(t *testing.T) {
	files := load(t)
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			for _, f := range files {
				for _, fault := range rule(f) {
					t.Error(fault)
				}
			}
		})
	}
}

// imports holds the file to its package's row of the table.
func imports(f file) []string {
	if !f.isGo() || f.isTool() || f.path == thisFile {
		return nil
	}
	key, r, ok := rowOf(f.pkg())
	if !ok {
		return []string{fmt.Sprintf("%s: package %s has no row in the import table: decide what it may import, "+
			"then add the row to %s and to ARCHITECTURE.md", f.path, f.pkg(), thisFile)}
	}
	var faults []string
	for _, spec := range f.ast.Imports {
		target, ours := strings.CutPrefix(importPath(spec), module)
		if !ours || (target != "" && target[0] != '/') {
			continue
		}
		target = cmp.Or(strings.TrimPrefix(target, "/"), ".")
		if target == f.pkg() || covers(key, target) || mayImport(f, r, target) {
			continue
		}
		faults = append(faults, fmt.Sprintf("%s: package %s may not import %s (it may: %s). Declare an interface of the "+
			"methods it needs and let node hand in the part; or, if the design changes, change the row in %s and in ARCHITECTURE.md",
			f.at(spec.Pos()), f.pkg(), target, cmp.Or(strings.Join(r.may, ", "), "nothing of ours"), thisFile))
	}
	return faults
}

// mayImport applies the row. A test may import more: what the row adds for tests; a real
// ODB wherever the ODB is known; and a test from outside (package x_test) anything, unless
// the package is a leaf, because a leaf that needs others to be tested is none.
func mayImport(f file, r row, target string) bool {
	allowed := r.may
	if f.isTest() {
		if strings.HasSuffix(f.ast.Name.Name, "_test") && len(r.may) > 0 {
			return true
		}
		allowed = append(slices.Clone(allowed), r.tests...)
		if slices.Contains(r.may, "odb") {
			allowed = append(allowed, "odb/sqldb", "odb/odbtest")
		}
	}
	return slices.ContainsFunc(allowed, func(pattern string) bool { return covers(pattern, target) })
}

// covers says whether a name of the table means the folder dir.
func covers(pattern, dir string) bool {
	if pattern == "..." {
		return true
	}
	parent, tree := strings.CutSuffix(pattern, "/...")
	return parent == dir || tree && strings.HasPrefix(dir, parent+"/")
}

// rowOf finds the row of a package: its own, or that of the nearest tree it is in.
func rowOf(dir string) (key string, r row, ok bool) {
	if r, ok = table[dir]; ok {
		return dir, r, true
	}
	for parent := dir; parent != "."; parent = path.Dir(parent) {
		if r, ok = table[parent+"/..."]; ok {
			return parent + "/...", r, true
		}
	}
	return "", row{}, false
}

// size keeps files readable in one sitting.
func size(f file) []string {
	if f.isTest() || f.isGenerated() || strings.HasSuffix(f.path, ".d.ts") {
		return nil
	}
	if n := strings.Count(f.src, "\n"); n > maxLines {
		return []string{fmt.Sprintf("%s has %d lines, at most %d are allowed: move one of its ideas to a file named after it",
			f.path, n, maxLines)}
	}
	return nil
}

func noCgo(f file) []string {
	if f.isGo() && f.imports("C") {
		return []string{f.path + `: import "C" needs cgo and a C library on every box; use a pure Go module`}
	}
	return nil
}

func noInit(f file) []string {
	return faultyCode(f, func(n ast.Node) string {
		if d, ok := n.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "init" {
			return "func init() runs behind everybody's back; make a constructor and call it in node or in the command"
		}
		return ""
	})
}

func noPanic(f file) []string {
	if _, ok := mayPanic[f.pkg()]; ok || f.isTest() {
		return nil
	}
	return faultyCode(f, func(n ast.Node) string {
		if call, ok := n.(*ast.CallExpr); ok {
			if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
				return "panic takes the whole node down; return an error (for a real exception add the package and the reason to mayPanic in " + thisFile + ")"
			}
		}
		return ""
	})
}

// noSleepInTest: a sleep makes a test slow on a fast machine and flaky on a slow one.
// Within the call of synctest.Test no real time passes.
func noSleepInTest(f file) []string {
	if !f.isGo() || !f.isTest() {
		return nil
	}
	isCall := func(n ast.Node, pkg, name string) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return false
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != name {
			return false
		}
		x, ok := sel.X.(*ast.Ident)
		return ok && x.Name == pkg
	}
	var bubble token.Pos // end of the last one that was entered
	return faultyCode(f, func(n ast.Node) string {
		if isCall(n, "synctest", "Test") {
			bubble = n.End()
		}
		if !isCall(n, "time", "Sleep") || n.Pos() < bubble {
			return ""
		}
		return "time.Sleep in a test waits for a time, not for a fact: wait on a channel, poll the condition with a ticker and a deadline, or use testing/synctest"
	})
}

func noLinkname(f file) []string {
	if !f.isGo() {
		return nil
	}
	var faults []string
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:linkname") {
				faults = append(faults, f.at(c.Pos())+": go:linkname reaches into another package's private parts, which change without notice; use what it exports")
			}
		}
	}
	return faults
}

// wailsAtHome: everything else runs without a window, and a later toolkit touches one package.
func wailsAtHome(f file) []string {
	if !f.isGo() || f.pkg() == "app/desktop" {
		return nil
	}
	var faults []string
	for _, spec := range f.ast.Imports {
		if strings.HasPrefix(importPath(spec), "github.com/wailsapp/") {
			faults = append(faults, f.at(spec.Pos())+": only app/desktop imports Wails; give app.Shell the method that is missing")
		}
	}
	return faults
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME)\b`)

func noUnfinished(f file) []string {
	if f.path == thisFile {
		return nil
	}
	var faults []string
	for i, line := range strings.Split(f.src, "\n") {
		if word := unfinished.FindString(line); word != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: %s: finish it, or open an issue and say in the comment what holds today", f.path, i+1, word))
		}
	}
	return faults
}

// faultyCode walks the file and puts a position before each fault that check finds.
func faultyCode(f file, check func(ast.Node) string) []string {
	if !f.isGo() || f.isTool() {
		return nil
	}
	var faults []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if n != nil {
			if fault := check(n); fault != "" {
				faults = append(faults, f.at(n.Pos())+": "+fault)
			}
		}
		return true
	})
	return faults
}

// TestPackageDocs: the comment above a package clause is what an editor and go doc show first.
func TestPackageDocs(t *testing.T) {
	packages := map[string][]file{}
	for _, f := range load(t) {
		if f.isGo() && !f.isTest() && !f.isTool() {
			packages[f.pkg()] = append(packages[f.pkg()], f)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		if fault := docFault(dir, packages[dir]); fault != "" {
			t.Error(fault)
		}
	}
}

func docFault(dir string, files []file) string {
	want := "Package " + files[0].ast.Name.Name
	if files[0].ast.Name.Name == "main" {
		want = "Command " + path.Base(dir)
		if dir == "." {
			want = "Command signalbox"
		}
	}
	for _, f := range files {
		if f.ast.Doc != nil && strings.HasPrefix(f.ast.Doc.Text(), want+" ") {
			return ""
		}
	}
	return fmt.Sprintf("%s has no package comment: begin one with %q and say what it offers, what it does not do, and what it imports of ours", dir, "// "+want)
}

// TestDesignNotes: what the code cannot say (why this way, formats, failures, dated
// decisions) stands beside it, where the question arises.
func TestDesignNotes(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range load(t) {
		_, r, ok := rowOf(f.pkg())
		if !ok || !r.design || seen[f.pkg()] {
			continue
		}
		seen[f.pkg()] = true
		if _, err := os.Stat(path.Join(f.pkg(), "DESIGN.md")); err != nil {
			t.Errorf("%s has no DESIGN.md: write at most a page on why it is this way, its formats, how it fails, and dated decisions", f.pkg())
		}
	}
}

// banned is what the node's binary is never linked with: an import path, or the
// beginning of one, and the reason.
var banned = map[string]string{
	"runtime/cgo":             "the binary is static: one file runs on any Linux",
	"github.com/wailsapp/":    "the desktop's toolkit drags in a window system",
	"testing":                 "test support belongs into _test.go files and test packages",
	"net/http/httptest":       "test support belongs into _test.go files and test packages",
	module + "/app":           "the desktop talks to nodes by their admin API only",
	module + "/odb/odbtest":   "test support belongs into _test.go files and test packages",
	module + "/node/nodetest": "test support belongs into _test.go files and test packages",
}

// TestBinary asks the go command what the node's binary is linked from.
func TestBinary(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+mainPkg)
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list -deps ./%s: %v", mainPkg, err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/"+mainPkg) {
		t.Fatalf("go list -deps does not list the command itself: %q", deps)
	}
	for _, dep := range deps {
		if why := linkFault(dep); why != "" {
			t.Errorf("./%s is linked with %s: %s; find the import with: go mod why %s", mainPkg, dep, why, dep)
		}
	}
}

func linkFault(dep string) string {
	for prefix, why := range banned {
		if dep == prefix || strings.HasPrefix(dep, strings.TrimSuffix(prefix, "/")+"/") {
			return why
		}
	}
	return ""
}

// TestTable: a row that names a folder without a row is a typing error.
func TestTable(t *testing.T) {
	for _, key := range slices.Sorted(maps.Keys(table)) {
		for _, name := range append(slices.Clone(table[key].may), table[key].tests...) {
			if _, ok := table[name]; !ok && name != "..." {
				t.Errorf("the row of %s names %s, which has no row", key, name)
			}
		}
	}
}

// TestRulesCatch shows each rule a file that breaks it and one that does not.
func TestRulesCatch(t *testing.T) {
	const ok, bad = 0, 1
	tests := map[string]map[string]struct {
		path, src string
		faults    int
	}{
		"imports follow the table": {
			"leaf imports":                {"lb/pool.go", `package lb; import "signalbox.internal/odb"`, bad},
			"leaf's outer test imports":   {"lb/pool_test.go", `package lb_test; import "signalbox.internal/odb"`, bad},
			"in the row":                  {"scheduler/fire.go", `package scheduler; import "signalbox.internal/odb"`, ok},
			"not in the row":              {"scheduler/fire.go", `package scheduler; import "signalbox.internal/odb/sqldb"`, bad},
			"real ODB in a test":          {"scheduler/fire_test.go", `package scheduler; import "signalbox.internal/odb/sqldb"`, ok},
			"inner test beyond the row":   {"node/channel/a_test.go", `package channel; import "signalbox.internal/node/outgoing"`, bad},
			"outer test beyond the row":   {"node/channel/a_test.go", `package channel_test; import "signalbox.internal/node/outgoing"`, ok},
			"tree below a named tree":     {"node/service/a.go", `package service; import "signalbox.internal/node/library/xml"`, ok},
			"within one tree":             {"node/sdk/ts/a.go", `package ts; import "signalbox.internal/node/sdk"`, ok},
			"name that only begins alike": {"node/service/a.go", `package service; import "signalbox.internal/node/library2"`, bad},
			"the root package":            {"odb/a.go", `package odb; import "signalbox.internal"`, bad},
			"other module":                {"odb/a.go", `package odb; import "signalbox.internals/x"`, ok},
			"any":                         {"build/bench/a.go", `package main; import "signalbox.internal/node"`, ok},
			"no row":                      {"util/a.go", `package util`, bad},
			"hand-started program":        {"util/a.go", "//go:build ignore\n\npackage main", ok},
		},
		"Wails is at home": {
			"in the window": {"app/desktop/a.go", `package desktop; import "github.com/wailsapp/wails/v2"`, ok},
			"in the core":   {"app/a.go", `package app; import "github.com/wailsapp/wails/v2/pkg/runtime"`, bad},
			"in the root":   {"main.go", `package main; import "github.com/wailsapp/wails/v2"`, bad},
			"in a node":     {"node/a.go", `package node; import "github.com/wailsapp/wails/v2"`, bad},
		},
		"files are short": {
			"400 lines":       {"lb/a.go", "package lb" + strings.Repeat("\n", maxLines), ok},
			"401 lines":       {"lb/a.go", "package lb" + strings.Repeat("\n", maxLines+1), bad},
			"long TypeScript": {"node/sdk/a.ts", strings.Repeat("\n", maxLines+1), bad},
			"long test":       {"lb/a_test.go", "package lb" + strings.Repeat("\n", maxLines+1), ok},
			"long TS test":    {"node/demo/a.test.ts", strings.Repeat("\n", maxLines+1), ok},
			"generated TS":    {"frontend/a.ts", "// Code generated by x. DO NOT EDIT.\n" + strings.Repeat("\n", maxLines+1), ok},
			"generated":       {"lb/a.go", "// Code generated by x. DO NOT EDIT.\n\npackage lb" + strings.Repeat("\n", maxLines+1), ok},
		},
		"no cgo": {
			"cgo":    {"lb/a.go", `package lb; import "C"`, bad},
			"no cgo": {"lb/a.go", `package lb; import "net"`, ok},
		},
		"no init function": {
			"init":   {"lb/a.go", `package lb; func init() {}`, bad},
			"method": {"lb/a.go", `package lb; type t int; func (t) init() {}`, ok},
		},
		"no panic": {
			"panic":   {"lb/a.go", `package lb; func f() { panic("x") }`, bad},
			"in test": {"lb/a_test.go", `package lb; func f() { panic("x") }`, ok},
			"recover": {"lb/a.go", `package lb; func f() { recover() }`, ok},
		},
		"no linkname": {
			"linkname": {"lb/a.go", "package lb\n\n//go:linkname now time.now\nfunc now()", bad},
			"noinline": {"lb/a.go", "package lb\n\n//go:noinline\nfunc now() {}", ok},
		},
		"no sleep in tests": {
			"sleep":       {"lb/a_test.go", `package lb; import "time"; func f() { time.Sleep(1) }`, bad},
			"in a bubble": {"lb/a_test.go", `package lb; import ("testing/synctest"; "time"); func f() { synctest.Test(nil, func() { time.Sleep(1) }) }`, ok},
			"beside one":  {"lb/a_test.go", `package lb; import ("testing/synctest"; "time"); func f() { synctest.Test(nil, func() {}); time.Sleep(1) }`, bad},
			"in code":     {"lb/a.go", `package lb; import "time"; func f() { time.Sleep(1) }`, ok},
			"own Sleep":   {"lb/a_test.go", `package lb; func f(c clock) { c.Sleep(1) }`, ok},
		},
		"nothing is left unfinished": {
			"in Go":         {"lb/a.go", "package lb // TODO: later", bad},
			"in TypeScript": {"node/demo/a.ts", "// FIXME", bad},
			"in a word":     {"node/demo/a.ts", "const METODOS = 1", ok},
		},
	}
	for rule, cases := range tests {
		for name, tc := range cases {
			t.Run(rule+"/"+name, func(t *testing.T) {
				f, err := parse(tc.path, tc.src)
				if err != nil {
					t.Fatal(err)
				}
				faults := rules[rule](f)
				if len(faults) != tc.faults {
					t.Fatalf("found %d faults, want %d: %q", len(faults), tc.faults, faults)
				}
				for _, fault := range faults {
					if !strings.HasPrefix(fault, tc.path) {
						t.Errorf("fault %q does not begin with the file's path", fault)
					}
				}
			})
		}
	}
	for rule := range rules {
		if len(tests[rule]) < 2 {
			t.Errorf("rule %q has no file here that breaks it and one that does not", rule)
		}
	}
}

func TestDocRuleCatches(t *testing.T) {
	tests := map[string]struct {
		dir, src string
		ok       bool
	}{
		"none":            {"lb", "package lb", false},
		"wrong beginning": {"lb", "// The lb package.\npackage lb", false},
		"other name":      {"lb", "// Package lbs balances.\npackage lb", false},
		"good":            {"lb", "// Package lb balances.\npackage lb", true},
		"command":         {"node/cmd/signalbox", "// Command signalbox is a node.\npackage main", true},
		"as a package":    {"node/cmd/signalbox", "// Package main is a node.\npackage main", false},
		"desktop":         {".", "// Command signalbox is the desktop app.\npackage main", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := parse(tc.dir+"/a.go", tc.src)
			if err != nil {
				t.Fatal(err)
			}
			if fault := docFault(tc.dir, []file{f}); (fault == "") != tc.ok {
				t.Errorf("docFault() = %q, want a fault: %t", fault, !tc.ok)
			}
		})
	}
}

func TestLinkRuleCatches(t *testing.T) {
	for dep, want := range map[string]bool{
		"runtime/cgo":                          true,
		"github.com/wailsapp/wails/v2/pkg":     true,
		"testing":                              true,
		module + "/app/desktop":                true,
		"runtime":                              false,
		"github.com/wailsapplication/x":        false,
		module + "/node/nodetester":            false,
		"github.com/google/go-cmp/cmp/testing": false,
	} {
		if got := linkFault(dep) != ""; got != want {
			t.Errorf("linkFault(%q) found a fault: %t, want %t", dep, got, want)
		}
	}
}
