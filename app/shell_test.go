package app_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/app"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// person is a window and the person before it, who answers every dialog in the same way.
type person struct {
	mu     sync.Mutex
	picks  []string // what to open
	target string   // where to save; empty: thinks better of it
	asked  app.PickFiles
	set    app.WindowSettings
	page   app.ShellPage
	seen   []string
	alerts []app.Alert
}

func (p *person) Info() app.ShellInfo { return app.ShellInfo{Dialogs: true, Drop: true} }

func (p *person) PickFiles(_ context.Context, in app.PickFiles) ([]string, error) {
	p.asked = in
	return p.picks, nil
}
func (p *person) PickTarget(context.Context, app.SaveFile) (string, error) { return p.target, nil }
func (p *person) Browse(url string) error                                  { return p.see("browse " + url) }

func (p *person) Copy(text string) error                 { return p.see("copy " + text) }
func (p *person) Settings() app.WindowSettings           { return p.set }
func (p *person) SetSettings(s app.WindowSettings) error { p.set = s; return nil }
func (p *person) SetPage(page app.ShellPage) error       { p.page = page; return nil }
func (p *person) Resized()                               { _ = p.see("resized") }
func (p *person) Loaded()                                {}

func (p *person) Alert(a app.Alert) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alerts = append(p.alerts, a)
}

func (p *person) see(what string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, what)
	return nil
}

// write makes files with their paths as content.
func write(t *testing.T, dir string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		full := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte("content of "+p), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyAWindowHasShell(t *testing.T) {
	t.Parallel()
	r := start(t, "", nil)
	if info := ok[app.AppInfo](r, r.do("GET", "/api/app", nil)); info.Shell != nil {
		t.Errorf("without a window there is %+v", info.Shell)
	}
	r.refused(r.do("POST", "/api/shell/take", nil), http.StatusNotFound, "not_found")
	r.app.Drop([]string{"/"}) // nobody to tell; nothing happens
	r = startIn(t, "", &person{})
	if info := ok[app.AppInfo](r, r.do("GET", "/api/app", nil)); info.Shell == nil || !info.Shell.Dialogs || !info.Shell.Drop || info.Shell.Notifications {
		t.Errorf("the window can do %+v", info.Shell)
	}
}

func TestOpenFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.yaml", "hello/hello.ts", "hello/src/b.ts", "hello/.git/config", "hello/node_modules/x/y.ts", "hello/old.ts~", "other.txt")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "hello", "link.ts")); err != nil {
		t.Fatal(err)
	}
	p := &person{picks: []string{filepath.Join(dir, "a.yaml")}}
	r := startIn(t, "", p)
	got := ok[app.Picked](r, r.do("POST", "/api/shell/open", app.PickFiles{Accept: []string{".yaml"}, Title: "Which?"}))
	if len(got.Items) != 1 || got.Items[0].Path != "a.yaml" || got.Root != "" || p.asked.Title != "Which?" {
		t.Fatalf("picked %+v", got)
	}
	if content := r.do("GET", "/api/shell/files/"+got.Items[0].ID, nil); content.status != http.StatusOK || content.body != "content of a.yaml" {
		t.Errorf("content: %d %q", content.status, content.body)
	}

	p.picks = []string{filepath.Join(dir, "hello")}
	got = ok[app.Picked](r, r.do("POST", "/api/shell/open", app.PickFiles{Folder: true}))
	var paths []string
	for _, f := range got.Items {
		paths = append(paths, f.Path)
	}
	if fmt.Sprint(paths) != "[hello/hello.ts hello/src/b.ts]" || got.Root != "hello" {
		t.Errorf("of the folder came %v, root %q", paths, got.Root)
	}
	if len(got.Skipped) != 1 || got.Skipped[0].Path != "hello/link.ts" {
		t.Errorf("left out: %+v", got.Skipped)
	}
	// What was a file of the folder may not become a way out of it.
	if err := os.Remove(filepath.Join(dir, "hello", "hello.ts")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "hello", "hello.ts")); err != nil {
		t.Fatal(err)
	}
	if content := r.do("GET", "/api/shell/files/"+got.Items[0].ID, nil); content.status != http.StatusGone {
		t.Errorf("a link out of the folder answered %d %q", content.status, content.body)
	}

	p.picks = nil
	if got := ok[app.Picked](r, r.do("POST", "/api/shell/open", nil)); len(got.Items) != 0 {
		t.Errorf("a person who thought better of it picked %+v", got)
	}
	r.refused(r.do("GET", "/api/shell/files/"+strings.Repeat("a", 26), nil), http.StatusNotFound, "not_found")
	r.refused(r.do("POST", "/api/shell/open", app.PickFiles{Accept: []string{"*.yaml;*"}}), http.StatusUnprocessableEntity, "invalid")
}

func TestPickedBounds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "small")
	for _, name := range []string{"large", "a", "b", "c", "d", "e"} {
		size := int64(15 << 20)
		if name == "large" {
			size = 17 << 20
		}
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	r := startIn(t, "", &person{})
	r.app.Drop([]string{dir, filepath.Join(dir, "missing")})
	events := ok[client.List[app.ShellEvent]](r, r.do("POST", "/api/shell/take", nil)).Items
	if len(events) != 1 || events[0].Dropped == nil {
		t.Fatalf("events %+v", events)
	}
	got := events[0].Dropped
	var why []string
	for _, s := range got.Skipped {
		why = append(why, filepath.Base(s.Path)+": "+s.Why)
	}
	const want = "[e: these are more than 64 MiB large: it is larger than 16 MiB missing: it cannot be read]"
	if fmt.Sprint(why) != want || len(got.Items) != 5 {
		t.Errorf("left out %v, want %s; %d were taken", why, want, len(got.Items))
	}
	// What has grown since is refused by its name, and not cut.
	if err := os.Truncate(filepath.Join(dir, "small"), 17<<20); err != nil {
		t.Fatal(err)
	}
	for _, f := range got.Items {
		if f.Name == "small" {
			got := r.do("GET", "/api/shell/files/"+f.ID, nil)
			r.refused(got, http.StatusRequestEntityTooLarge, "too_large")
			if !strings.Contains(got.body, "small has become larger than 16 MiB") {
				t.Errorf("the refusal is %s", got.body)
			}
		}
	}
}

// Of very many that are left out the page hears at least that there are more.
func TestPickedSkipsMany(t *testing.T) {
	t.Parallel()
	missing := []string{}
	for i := range 205 {
		missing = append(missing, filepath.Join(t.TempDir(), fmt.Sprint(i)))
	}
	r := startIn(t, "", &person{picks: missing})
	got := ok[app.Picked](r, r.do("POST", "/api/shell/open", app.PickFiles{Multiple: true})).Skipped
	if len(got) != 201 || got[199].Path != "199" || got[200].Path != "…" {
		t.Errorf("%d are listed, the last %+v", len(got), got[len(got)-1])
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	r := startIn(t, "", &person{})
	cursor := ok[app.Changes](r, r.do("GET", "/api/events", nil)).Cursor
	r.app.Command("settings")
	r.app.OpenLink("signalbox://connect?code=secret-code")
	r.app.ShowCluster("one")
	if got := ok[app.Changes](r, r.do("GET", "/api/events?after="+cursor, nil)); !slices.Contains(got.Changes, app.Change{Type: app.ChangeShell}) {
		t.Errorf("the poll says %+v", got)
	}
	got := ok[client.List[app.ShellEvent]](r, r.do("POST", "/api/shell/take", nil)).Items
	if len(got) != 3 || got[0].Command != "settings" || got[1].Link == "" || got[2].Cluster != "one" {
		t.Errorf("told %+v", got)
	}
	if again := ok[client.List[app.ShellEvent]](r, r.do("POST", "/api/shell/take", nil)).Items; len(again) != 0 {
		t.Errorf("told again %+v", again)
	}
	r.nowhere("secret-code")
}

func TestSavePieces(t *testing.T) {
	t.Parallel()
	p := &person{target: filepath.Join(t.TempDir(), "out.csv")}
	r := startIn(t, "", p)
	id := ok[app.Saving](r, r.do("POST", "/api/shell/save", app.SaveFile{Name: "out.csv"})).ID
	at := "/api/shell/saves/" + id
	for _, step := range []struct {
		at, body string
		status   int
	}{{"0", "one,", 204}, {"0", "one,", 409}, {"4", "two", 204}} {
		if got := r.do("PUT", at+"?at="+step.at, step.body); got.status != step.status {
			t.Errorf("a piece at %s answered %d %s, want %d", step.at, got.status, got.body, step.status)
		}
	}
	if _, err := os.Stat(p.target); err == nil {
		t.Error("the file has its name before it is whole")
	}
	if got := ok[app.Saved](r, r.do("POST", at+"?size=7", nil)); got.Path != p.target || got.Size != 7 {
		t.Errorf("saved %+v", got)
	}
	if text, _ := os.ReadFile(p.target); string(text) != "one,two" {
		t.Errorf("the file holds %q", text)
	}
	r.refused(r.do("PUT", at+"?at=7", "more"), http.StatusNotFound, "not_found")

	for _, name := range []string{"", "../x", "/etc/passwd", ".bashrc", `a\b`, "a\x00b"} {
		r.refused(r.do("POST", "/api/shell/save", app.SaveFile{Name: name}), http.StatusUnprocessableEntity, "invalid")
	}
	// A file of which a part is missing is none.
	id = ok[app.Saving](r, r.do("POST", "/api/shell/save", app.SaveFile{Name: "out.csv"})).ID
	r.refused(r.do("POST", "/api/shell/saves/"+id+"?size=9", nil), http.StatusConflict, "conflict")
	left, err := os.ReadDir(filepath.Dir(p.target))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the file there is %v, %v", left, err)
	}
	p.target = ""
	if got := r.do("POST", "/api/shell/save", app.SaveFile{Name: "out.csv"}); got.status != http.StatusNoContent {
		t.Errorf("thinking better of it answered %d", got.status)
	}
	p.target = filepath.Join(t.TempDir(), "no", "such", "folder")
	r.refused(r.do("POST", "/api/shell/save", app.SaveFile{Name: "out.csv"}), http.StatusConflict, "unavailable")
}

// A backup goes to the disk by Go alone, and is known to be whole.
func TestDownloadBackup(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	p := &person{target: filepath.Join(t.TempDir(), "all.backup")}
	r := startIn(t, "", p)
	c := r.add(n.Link, nil)
	ok[app.Cluster](r, r.do("POST", "/api/clusters/"+c.ID+"/sign-in", app.SignIn{Token: n.Token}))
	ask := app.Download{Name: "all.backup", Request: app.Request{Method: "POST", Path: "/api/clusters/" + c.ID + "/v1/backup", Body: `{"passphrase":"correct horse battery staple"}`}}
	got := ok[app.Saved](r, r.do("POST", "/api/shell/download", ask))
	info, err := os.Stat(p.target)
	if err != nil || info.Size() != got.Size || got.Size < 1000 || info.Mode().Perm() != 0o600 {
		t.Errorf("saved %+v as %v, %v", got, info, err)
	}
	ask.Request.Body = `{"passphrase":"short"}`
	r.refused(r.do("POST", "/api/shell/download", ask), http.StatusUnprocessableEntity, "invalid")
	again, _ := os.Stat(p.target)
	if again == nil || !again.ModTime().Equal(info.ModTime()) {
		t.Error("a refused backup replaced the good one")
	}
	for _, path := range []string{"/api/vault", "https://elsewhere/api/clusters/", "/api/shell/take"} {
		ask.Request.Path = path
		r.refused(r.do("POST", "/api/shell/download", ask), http.StatusUnprocessableEntity, "invalid")
	}
	r.nowhere("correct horse battery staple")
}

func TestWindowRoutes(t *testing.T) {
	t.Parallel()
	p := &person{set: app.WindowSettings{Notifications: true, GPU: app.GPUNever}}
	r := startIn(t, "", p)
	if got := ok[app.WindowSettings](r, r.do("PUT", "/api/shell/settings", app.WindowSettings{GPU: app.GPUAlways})); got.GPU != app.GPUAlways || p.set.Notifications {
		t.Errorf("set %+v", got)
	}
	r.refused(r.do("PUT", "/api/shell/settings", app.WindowSettings{GPU: "fast"}), http.StatusUnprocessableEntity, "invalid")
	r.do("PUT", "/api/shell/page", app.ShellPage{Language: "de", Dark: true, Texts: map[string]string{"window.file": "Datei"}})
	if p.page.Language != "de" || p.page.Texts["window.file"] != "Datei" || !p.page.Dark {
		t.Errorf("the page is %+v", p.page)
	}
	r.refused(r.do("PUT", "/api/shell/page", app.ShellPage{Texts: map[string]string{"a": "line\nbreak"}}), http.StatusUnprocessableEntity, "invalid")
	for _, url := range []string{"file:///etc/passwd", "javascript:alert(1)", "signalbox://x", "https://", "https://user:pw@host/", "-x"} {
		r.refused(r.do("POST", "/api/shell/browse", app.Browse{URL: url}), http.StatusUnprocessableEntity, "invalid")
	}
	r.do("POST", "/api/shell/browse", app.Browse{URL: "https://docs.example/a?b=c"})
	r.do("POST", "/api/shell/copy", app.CopyText{Text: "signalbox list channel"})
	r.do("POST", "/api/shell/resized", nil)
	if got := fmt.Sprint(p.seen); got != "[browse https://docs.example/a?b=c copy signalbox list channel resized]" {
		t.Errorf("the window was asked to %s", got)
	}
}

func TestAlert(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	p := &person{}
	var later atomic.Int64
	r := startWith(t, "", nil, func(cfg *app.Config) {
		cfg.Shell = p
		cfg.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	c := r.add(n.Link, nil)
	r.until(c.ID, up)
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	r.do("GET", "/api/clusters/"+c.ID+"/v1/health", nil) // which finds nobody
	r.until(c.ID, down)
	later.Store(int64(time.Minute))
	nodetest.Eventually(t, func() error {
		r.app.Command("about") // a change, so that the clock is looked at
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.alerts) == 1 && len(p.alerts[0].Down) == 1 && p.alerts[0].Down[0].ID == c.ID {
			return nil
		}
		return fmt.Errorf("alerts: %+v", p.alerts)
	})
}

func TestReports(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "app")
	r := startIn(t, dir, &person{})
	r.app.Contain("test", func() { panic("the password is hunter2") })
	var none []int
	r.app.Contain("test", func() { none[len(none)]++ })
	r.do("POST", "/api/shell/fault", app.PageFault{Name: "TypeError", Stack: "TypeError: hunter2 is undefined\nshow@wails://wails/assets/index-1.js:1:23\n at Home (http://wails.localhost/assets/a.js:4:5)\nhunter2"})
	files, err := os.ReadDir(filepath.Join(dir, "reports"))
	if err != nil || len(files) != 3 {
		t.Fatalf("reports: %v, %v", files, err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, "reports", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, want := range []string{"shell_test.go", "index out of range", "show@wails://wails/assets/index-1.js:1:23", "a.js:4:5", "Signalbox test, "} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the reports do not say %q:\n%s", want, &all)
		}
	}
	r.nowhere("hunter2")
	r.stop()

	crash := "panic: token hunter2 [recovered]\n\tpanic: hunter2 again\npanic: runtime error: invalid memory address or nil pointer dereference\nhunter2\n[signal SIGSEGV: segmentation violation code=0x1]\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:3\n"
	if err := os.WriteFile(app.CrashFile(dir), []byte(crash), 0o600); err != nil {
		t.Fatal(err)
	}
	r = start(t, dir, nil)
	notice := ok[app.AppInfo](r, r.do("GET", "/api/app", nil)).Notice
	_, path, found := strings.Cut(notice, " is in ")
	text, err := os.ReadFile(strings.TrimSuffix(path, "."))
	if !found || err != nil || !strings.Contains(string(text), "main.go:3") || !strings.Contains(string(text), "nil pointer") {
		t.Errorf("notice %q, report %v: %s", notice, err, text)
	}
	r.nowhere("hunter2")
	r.stop()
	r = start(t, dir, nil)
	if notice := ok[app.AppInfo](r, r.do("GET", "/api/app", nil)).Notice; notice != "" {
		t.Errorf("it says so again: %q", notice)
	}
}

func TestOldReportsGo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "app")
	for range 3 {
		r := start(t, dir, nil)
		for range 11 {
			r.app.Contain("test", func() { panic(time.Now()) })
		}
		r.stop()
	}
	files, err := os.ReadDir(filepath.Join(dir, "reports"))
	if err != nil || len(files) != 20 {
		t.Errorf("%d reports are kept, %v", len(files), err)
	}
}
