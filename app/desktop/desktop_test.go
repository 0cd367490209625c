package desktop

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"signalbox.internal/app"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// TestTexts: the menu of the first start says what the page's catalogue says later, in
// every language, and every command of the menu is one that the page does.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "de"} {
		source, err := os.ReadFile("../../frontend/src/text/" + language + "/window.ts")
		if err != nil {
			t.Fatal(err)
		}
		catalogue := map[string]string{}
		for _, m := range regexp.MustCompile(`'(window\.\w+)': '([^']*)'`).FindAllStringSubmatch(string(source), -1) {
			catalogue[m[1]] = m[2]
		}
		if language == "en" && !reflect.DeepEqual(catalogue, english()) {
			t.Errorf("the page has %v\nthe window has %v", catalogue, english())
		}
		for key := range english() {
			if catalogue[key] == "" {
				t.Errorf("%s: there is no %s", language, key)
			}
		}
	}
	page, err := os.ReadFile("../../frontend/src/shell/window/Window.tsx")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range menuItems() {
		if english()["window."+m.title] == "" {
			t.Errorf("the menu %s has no text", m.title)
		}
		for _, one := range m.items {
			if one.command == "" {
				continue
			}
			if english()["window."+one.command] == "" {
				t.Errorf("the command %s has no text", one.command)
			}
			if one.command != commandQuit && one.command != commandFull && !strings.Contains(string(page), "    "+one.command+": () =>") {
				t.Errorf("the page does not know the command %s", one.command)
			}
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	s := settings{Texts: map[string]string{"window.down": "{name} antwortet nicht"}}
	if title, body := s.message("window.down", "window.downMany", []app.Cluster{{Name: "Köln", Why: "refused <b>"}}); title != "Köln antwortet nicht" || !strings.HasPrefix(body, "refused") {
		t.Errorf("one: %q, %q", title, body)
	}
	if title, body := s.message("window.down", "window.downMany", []app.Cluster{{Name: "a"}, {Name: "b"}}); title != "2 clusters do not answer" || body != "a, b" {
		t.Errorf("two: %q, %q", title, body)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	first := settings{Version: settingsVersion, Width: firstWidth, Height: firstHeight, Notifications: true, GPU: app.GPUNever}
	tests := map[string]struct {
		text string
		want settings
		bad  bool
	}{
		"none":          {"", first, false},
		"no JSON":       {"{", first, true},
		"newer":         {`{"version":2}`, first, true},
		"unknown field": {`{"version":1,"more":1}`, first, true},
		"good":          {`{"version":1,"width":900,"height":700,"maximised":true,"notifications":false,"gpu":"always"}`, settings{Version: 1, Width: 900, Height: 700, Maximised: true, GPU: app.GPUAlways}, false},
		"odd size":      {`{"version":1,"width":-1,"height":99999999,"gpu":"never"}`, settings{Version: 1, Width: firstWidth, Height: firstHeight, GPU: app.GPUNever}, false},
		"odd policy":    {`{"version":1,"width":900,"height":700,"gpu":"turbo"}`, settings{Version: 1, Width: 900, Height: 700, GPU: app.GPUNever}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if tc.text != "" {
				if err := os.WriteFile(filepath.Join(dir, settingsFile), []byte(tc.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := loadSettings(dir)
			if !reflect.DeepEqual(got, tc.want) || (err != nil) != tc.bad {
				t.Errorf("loadSettings() = %+v, %v, want %+v", got, err, tc.want)
			}
		})
	}
}

func TestSized(t *testing.T) {
	t.Parallel()
	s := settings{Width: 900, Height: 700}
	for _, step := range []struct {
		width, height int
		maximised     bool
		changed       bool
		want          [2]int
	}{
		{900, 700, false, false, [2]int{900, 700}},
		{1000, 700, false, true, [2]int{1000, 700}},
		{1920, 1080, true, true, [2]int{1000, 700}}, // what it goes back to stays
		{1, 1, false, true, [2]int{1000, 700}},
		{1, 1, false, false, [2]int{1000, 700}},
	} {
		if changed := s.sized(step.width, step.height, step.maximised); changed != step.changed || [2]int{s.Width, s.Height} != step.want {
			t.Errorf("sized(%d, %d, %t) = %t, %dx%d", step.width, step.height, step.maximised, changed, s.Width, s.Height)
		}
	}
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := handOver(t.Context(), dir, nil); err == nil {
		t.Error("nobody is there, and took it")
	}
	// What a crashed one left behind is in nobody's way.
	if err := os.WriteFile(filepath.Join(dir, socketFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l, err := listen(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, socketFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v, %v", info.Mode(), err)
	}
	got, done := make(chan []string, 9), make(chan struct{})
	go func() {
		defer close(done)
		receive(ctx, l, func(given []string) { got <- given }, quiet())
	}()
	want := []string{"signalbox://connect?url=x", "/home/u/a b.yaml"}
	if err := handOver(t.Context(), dir, want); err != nil {
		t.Fatal(err)
	}
	if given := <-got; !reflect.DeepEqual(given, want) {
		t.Errorf("handed over %q", given)
	}
	if err := handOver(t.Context(), dir, make([]string, maxGiven+1)); err == nil {
		t.Error("too many were taken")
	}
	if err := handOver(t.Context(), dir, []string{strings.Repeat("x", maxHand)}); err == nil {
		t.Error("too much was taken")
	}
	if err := handOver(t.Context(), dir, nil); err != nil || len(<-got) != 0 {
		t.Errorf("after odd ones it takes no more: %v", err)
	}
	cancel()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("receive does not end")
	}
}

func TestLocale(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  map[string]string
		want string
	}{
		"C.UTF-8":            {map[string]string{"LANG": "C.UTF-8"}, "en_US.UTF-8"},
		"C":                  {map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "en_US.UTF-8"},
		"POSIX for messages": {map[string]string{"LC_MESSAGES": "POSIX"}, "en_US.UTF-8"},
		"German":             {map[string]string{"LANG": "de_DE.UTF-8"}, ""},
		"German for all":     {map[string]string{"LC_ALL": "de_DE.UTF-8", "LANG": "C.UTF-8"}, ""},
		"none":               {nil, ""},
	} {
		if got := locale(func(name string) string { return tc.env[name] }); got != tc.want {
			t.Errorf("%s: locale() = %q, want %q", name, got, tc.want)
		}
	}
}

func TestLoginPath(t *testing.T) {
	t.Parallel()
	for _, tc := range [][3]string{
		{"/usr/bin:/bin", "/opt/x/bin:/usr/bin", "/usr/bin:/bin:/opt/x/bin"},
		{"/usr/bin", "/usr/bin", ""},
		{"/usr/bin", "relative:/a:/a", "/usr/bin:/a"},
		{"/usr/bin", "", ""},
	} {
		if got := joinPaths(tc[0], tc[1]); got != tc[2] {
			t.Errorf("joinPaths(%q, %q) = %q, want %q", tc[0], tc[1], got, tc[2])
		}
	}
	shell := filepath.Join(t.TempDir(), "shell")
	for script, want := range map[string]string{
		"echo noise; PATH=$PATH:/of/profile; eval \"$3\"": "/a:/usr/bin:/bin:/of/profile",
		"exit 1":        "",
		"exec sleep 60": "", // a profile that waits for somebody
	} {
		if err := os.WriteFile(shell, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"SHELL": shell, "PATH": "/a:/usr/bin:/bin"}
		begun := time.Now()
		got := loginPath(t.Context(), func(name string) string { return env[name] })
		if want != "" && !strings.HasSuffix(got, ":/of/profile") || want == "" && got != "" || time.Since(begun) > 20*time.Second {
			t.Errorf("%s: PATH %q after %s", script, got, time.Since(begun))
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"mistake", errors.New("mistake"), http.ErrAbortHandler} {
		h := guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(v) }), quiet())
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) // or the test ends
	}
}

// TestPages: what the window shows is held to the policy, and has the right types
// whatever the system says.
func TestPages(t *testing.T) {
	t.Parallel()
	ui := fstest.MapFS{"index.html": {Data: []byte("page")}, "assets/a.js": {Data: []byte("code")}, "assets/a.css": {Data: []byte("style")}, "icon.svg": {Data: []byte("icon")}}
	h := app.Window(ui, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/assets/a.js": "text/javascript; charset=utf-8",
		"/assets/a.css": "text/css; charset=utf-8", "/icon.svg": "image/svg+xml",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != want || w.Header().Get("Content-Security-Policy") != app.PagePolicy || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	for path, want := range map[string]int{"/api/app": http.StatusTeapot, "/missing.js": http.StatusNotFound, "/../go.mod": http.StatusNotFound, "/assets": http.StatusNotFound} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path = path
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s answered %d, want %d", path, w.Code, want)
		}
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	failure(errors.New("the folder <x> is used")).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if body := w.Body.String(); !strings.Contains(body, "the folder &lt;x&gt; is used") || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("the page says %s", body)
	}
}

// Wails quotes what the page sent; the log does not.
func TestWailsLog(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	wailsLog{slog.New(slog.NewTextHandler(&b, nil))}.Error(`process message error: 'C{"name":"hunter2"}' hunter2`)
	if got := b.String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "process message error") {
		t.Errorf("logged %s", got)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Run(Config{Args: []string{"-version"}, Version: "1.2.3", Stdout: &out, Stderr: &out}); err != nil || out.String() != "signalbox-desktop 1.2.3\n" {
		t.Errorf("-version: %v, %q", err, &out)
	}
	if err := Run(Config{Args: []string{"-nonsense"}, Stdout: &out, Stderr: &out}); err == nil {
		t.Error("an unknown flag was taken")
	}
	got, err := absolute([]string{"signalbox://x", "SignalBox://y", "a.yaml"})
	if err != nil || got[0] != "signalbox://x" || got[1] != "SignalBox://y" || !filepath.IsAbs(got[2]) {
		t.Errorf("absolute() = %q, %v", got, err)
	}
}
