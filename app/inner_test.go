package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signalbox.internal/node/nodetest"
)

const good = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParsePaste(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want Parsed // empty: refused
	}{
		"link": {
			"signalbox://connect?url=https%3A%2F%2Fn1%3A8183&url=n2&ca=" + good + "&cluster=main&code=AB-CD",
			Parsed{Code: "AB-CD", Cluster: SaveCluster{Name: "main", URLs: []string{"https://n1:8183", "https://n2:8183"}, Fingerprint: good}},
		},
		"link without a name": {"signalbox://connect/?url=n1&ca=" + good, Parsed{Cluster: SaveCluster{Name: "n1", URLs: []string{"https://n1:8183"}, Fingerprint: good}}},
		"fingerprint with colons": {
			"signalbox://connect?url=n1&ca=" + strings.ToUpper(regexp.MustCompile("..").ReplaceAllString(good[7:], "$0:")),
			Parsed{Cluster: SaveCluster{Name: "n1", URLs: []string{"https://n1:8183"}, Fingerprint: good}},
		},
		"run file":               {`{"name":"n1","pid":7,"link":"signalbox://connect?url=n1&ca=` + good + `"}`, Parsed{Cluster: SaveCluster{Name: "n1", URLs: []string{"https://n1:8183"}, Fingerprint: good}}},
		"address":                {"  n1.example ", Parsed{Cluster: SaveCluster{Name: "n1.example", URLs: []string{"https://n1.example:8183"}}}},
		"IPv6":                   {"[::1]:99", Parsed{Cluster: SaveCluster{Name: "::1", URLs: []string{"https://[::1]:99"}}}},
		"nothing":                {"", Parsed{}},
		"plain HTTP":             {"http://n1", Parsed{}},
		"with a password":        {"https://u:p@n1", Parsed{}},
		"with a path":            {"https://n1/x", Parsed{}},
		"link without authority": {"signalbox://connect?url=n1", Parsed{}},
		"link without address":   {"signalbox://connect?ca=" + good, Parsed{}},
		"link to something":      {"signalbox://other?url=n1&ca=" + good, Parsed{}},
		"other JSON":             {`{"a":1}`, Parsed{}},
		"broken JSON":            {`{`, Parsed{}},
		"list of a newer app":    {`{"signalbox":"clusters/2","clusters":[]}`, Parsed{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parsePaste(tc.text)
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(tc.want)
			if string(g) != string(w) || (err == nil) == (tc.want.Cluster.Name == "") {
				t.Errorf("parsePaste() = %s, %v\nwant %s", g, err, w)
			}
		})
	}
}

// Whatever is accepted is in order, and parsing never panics.
func FuzzParsePaste(f *testing.F) {
	for _, s := range []string{
		"signalbox://connect?url=https%3A%2F%2Fn1%3A8183&ca=" + good + "&cluster=main", "n1:8183", "[::1]", "{}", "signalbox:%", "a%00b",
		`{"signalbox":"clusters/1","clusters":[{"name":"a","urls":["n"],"fingerprint":"` + good + `"}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePaste(text)
		if err != nil {
			return
		}
		all := p.Clusters
		if all == nil {
			if p.Cluster.Fingerprint == "" {
				p.Cluster.Fingerprint = good
			}
			all = []SaveCluster{p.Cluster}
		}
		for _, s := range all {
			before, _ := json.Marshal(s)
			if err := s.clean(); err != nil && s.Name != "" {
				t.Fatalf("%q gives %s, which is refused: %v", text, before, err)
			}
		}
	})
}

// A list that cannot be read is set aside, told of, and stays whole.
func TestBrokenList(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"not JSON":        "x",
		"cut off":         `{"version":1,"clusters":[`,
		"newer":           `{"version":2,"clusters":[]}`,
		"unknown field":   `{"version":1,"clusters":[],"more":1}`,
		"two values":      `{"version":1,"clusters":[]}{}`,
		"id as a path":    `{"version":1,"clusters":[{"id":"../../../../../etc/passwd12","name":"a","urls":["https://a:1"],"fingerprint":"` + good + `"}]}`,
		"bad fingerprint": `{"version":1,"clusters":[{"id":"aaaaaaaaaaaaaaaaaaaaaaaaaa","name":"a","urls":["https://a:1"],"fingerprint":"x"}]}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, listFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := Open(Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = a.Close() }()
			aside, err := filepath.Glob(filepath.Join(dir, listFile+".broken-*"))
			if err != nil || len(aside) != 1 || !strings.Contains(a.notice, aside[0]) {
				t.Fatalf("set aside: %q, %v; notice %q", aside, err, a.notice)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != text {
				t.Errorf("set aside %q, %v", kept, err)
			}
			if _, err := Open(Config{Dir: dir, Log: slog.New(slog.DiscardHandler)}); err == nil {
				t.Error("a second app opened the folder")
			}
		})
	}
}

// Every write that a node offers has its line in the table, and every line its route.
func TestRulesNameEveryWrite(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{})
	raw, err := n.API.OpenAPI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rules() {
		known[r.method+" "+r.path] = false
	}
	for path, methods := range doc.Paths {
		path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(strings.TrimPrefix(path, "/api/v1"), "*")
		for method := range methods {
			key := strings.ToUpper(method) + " " + path
			if method == "get" || method == "delete" || hidden(path) {
				continue
			}
			if _, ok := known[key]; !ok {
				t.Errorf("rules() does not name %s", key)
			}
			known[key] = true
		}
	}
	known["POST /definitions/outgoing/*/ping"] = true // a case of the one with any kind
	for key, used := range known {
		if !used {
			t.Errorf("rules() names %s, which no node has", key)
		}
	}
}

func TestEffectOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path, body string
		want               effect
	}{
		"read":                {"GET", "/rollback", "", reads},
		"delete":              {"DELETE", "/definitions/a/b", "", destructive},
		"create":              {"POST", "/definitions/a", "", changesIt},
		"ping":                {"POST", "/definitions/outgoing/a/ping", "", reads},
		"rollback":            {"POST", "/rollback", `{"revision":1}`, destructive},
		"dry run":             {"POST", "/rollback", `{"revision":1,"dry_run":true}`, reads},
		"dry run as a text":   {"POST", "/rollback", `{"dry_run":"true"}`, destructive},
		"dry run spelt twice": {"POST", "/rollback", `{"dry_run":true,"Dry_Run":false}`, destructive},
		"dry run of apply":    {"POST", "/apply", `{"dry_run":true}`, destructive},
		"rolling restart":     {"POST", "/restart", "{}", destructive},
		"end of a restart":    {"POST", "/restart/abort", "{}", changesIt},
		"empty part":          {"POST", "/definitions/", "", destructive},
		"unknown":             {"POST", "/new", "", destructive},
		"unknown method":      {"PATCH", "/definitions/a", "", destructive},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := effectOf(tc.method, tc.path, func() ([]byte, error) { return []byte(tc.body), nil })
			if err != nil || got != tc.want {
				t.Errorf("effectOf() = %v, %v, want %v", got, err, tc.want)
			}
		})
	}
}

// A vault file that was changed, or whose key is gone, is set aside and told of.
func TestBrokenVaultFile(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, path string){
		"changed": func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = []byte(strings.Replace(string(text), `"text": "`, `"text": "AAAA`, 1))
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"key gone": func(t *testing.T, path string) {
			if err := os.Remove(path + keySuffix); err != nil {
				t.Fatal(err)
			}
		},
		"other key": func(t *testing.T, path string) {
			if err := os.WriteFile(path+keySuffix, make([]byte, 32), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"short key": func(t *testing.T, path string) {
			if err := os.WriteFile(path+keySuffix, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"costly key": func(t *testing.T, path string) {
			text := `{"version":1,"argon2id":{"salt":"AAAAAAAAAAAAAAAAAAAAAA==","time":9,"mib":99999,"threads":1},"xchacha20poly1305":{"nonce":"","text":""}}`
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, harm := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), vaultName)
			f, err := newVaultFile(path, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := f.put("a", "secret"); err != nil {
				t.Fatal(err)
			}
			if f, notice, err := openVaultFile(path, time.Now()); err != nil || notice != "" || f.secrets["a"] != "secret" {
				t.Fatalf("openVaultFile() = %v, %q, %v", f, notice, err)
			}
			harm(t, path)
			f, notice, err := openVaultFile(path, time.Now())
			if err != nil || f != nil || !strings.Contains(notice, ".broken-") {
				t.Errorf("openVaultFile() = %v, %q, %v", f, notice, err)
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the broken file is still there: %v", err)
			}
		})
	}
}

// A handler that panics is a problem of one request, not the end of the app.
func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	a, err := Open(Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	w := httptest.NewRecorder()
	a.contain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") })).ServeHTTP(w, httptest.NewRequest("GET", "/api/app", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"internal"`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// The end of a sign-in is told once before it comes and once when it has come.
func TestExpiryIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := time.Now().Add(12 * time.Hour)
		var told []time.Duration
		begin := time.Now()
		way, err := newFailover(SaveCluster{URLs: []string{"https://n1:8183"}, Fingerprint: good}, time.Now, func() {})
		if err != nil {
			t.Fatal(err)
		}
		c := &conn{
			now: time.Now, looked: func() bool { return false }, way: way,
			tell: func(ChangeType) { told = append(told, time.Since(begin).Round(time.Second)) },
			mem:  remembered{Account: "ada", Expires: &ends},
		}
		for c.tellExpiry(); c.untilExpiry() > 0; c.tellExpiry() {
			if soonNow := c.show().ExpiresSoon; soonNow != (time.Until(ends) < soon) {
				t.Errorf("ExpiresSoon = %t at %v", soonNow, time.Since(begin))
			}
			time.Sleep(c.untilExpiry())
		}
		if len(told) != 2 || told[0] != 12*time.Hour-soon || told[1] != 12*time.Hour {
			t.Errorf("told at %v", told)
		}
		if got := c.show(); got.SignedInAs != "" || got.SignInEnded == "" {
			t.Errorf("after its end: %+v", got)
		}
	})
}

// Nobody who looks is made to wait long; a cluster that is down is left in peace when
// nobody looks.
func TestPause(t *testing.T) {
	t.Parallel()
	looked := false
	c := &conn{now: time.Now, looked: func() bool { return looked }}
	for _, tc := range []struct {
		looked, up bool
		failures   int
		least      time.Duration
	}{
		{true, true, 0, glance},
		{false, true, 0, idle},
		{true, false, 1, firstRetry},
		{true, false, 4, 8 * firstRetry},
		{true, false, 1000, slowRetry},
		{false, false, 1, idleRetry},
		{false, false, 1000, longestRest},
	} {
		looked = tc.looked
		if got := c.pause(tc.up, tc.failures); got < tc.least || got > tc.least*5/4 {
			t.Errorf("pause of %+v = %v", tc, got)
		}
	}
}

// A keyring that asks for its password holds nobody up for long.
func TestSilentKeyring(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ring := &silentRing{make(chan struct{})}
		timed := &timedRing{ring: ring, within: ringTime}
		if err := timed.probe(); !errors.Is(err, errRingSilent) {
			t.Errorf("probe() = %v", err)
		}
		close(ring.until)
	})
}

type silentRing struct{ until chan struct{} }

func (s *silentRing) Get(string) (string, error) { <-s.until; return "", ErrNoSecret }
func (s *silentRing) Set(string, string) error   { <-s.until; return nil }
func (s *silentRing) Delete(string) error        { <-s.until; return nil }

func TestChanges(t *testing.T) {
	t.Parallel()
	c := newChanges("run")
	cursor := c.after(t.Context(), "").Cursor
	c.add(ChangeHealth, "a")
	c.add(ChangeHealth, "b")
	c.add(ChangeHealth, "a")
	got := c.after(t.Context(), cursor)
	if len(got.Changes) != 2 || got.Changes[1].Cluster != "a" || got.Reset {
		t.Errorf("changes = %+v", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if again := c.after(ended, got.Cursor); len(again.Changes) != 0 || again.Cursor != got.Cursor {
		t.Errorf("changes = %+v", again)
	}
	for _, bad := range []string{"run-0", "run-99", "run-x", "other-1", "x"} {
		if !c.after(t.Context(), bad).Reset {
			t.Errorf("cursor %q was taken", bad)
		}
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	type step struct {
		at    int // seconds since the beginning
		state string
		since int
	}
	tests := map[string]struct {
		steps []step
		want  string // d: told to be down, b: back, -: nothing
	}{
		"down at the start is no news": {[]step{{0, "unknown", 0}, {1, "down", 1}, {60, "down", 1}}, "---"},
		"goes down":                    {[]step{{0, "up", 0}, {5, "down", 5}, {14, "down", 5}, {15, "down", 5}, {99, "down", 5}}, "---d-"},
		"hiccup":                       {[]step{{0, "up", 0}, {5, "down", 5}, {9, "up", 9}, {60, "up", 9}}, "----"},
		"comes back":                   {[]step{{0, "up", 0}, {20, "down", 1}, {30, "up", 30}, {32, "up", 30}, {33, "up", 30}, {50, "up", 30}}, "-d--b-"},
		"falls back at once":           {[]step{{0, "up", 0}, {20, "down", 1}, {30, "up", 30}, {31, "down", 31}, {50, "down", 31}, {60, "up", 51}}, "-d---b"},
		"down twice":                   {[]step{{0, "up", 0}, {20, "down", 1}, {40, "up", 30}, {60, "down", 50}}, "-dbd"},
		"asked anew is not up":         {[]step{{0, "up", 0}, {20, "down", 1}, {30, "unknown", 30}, {60, "down", 40}}, "-d--"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			al, got := newAlerts(), ""
			for _, s := range tc.steps {
				c := Cluster{ID: "one", State: State(s.state), Since: begin.Add(time.Duration(s.since) * time.Second)}
				out, next := al.look([]Cluster{c}, begin.Add(time.Duration(s.at)*time.Second))
				switch {
				case len(out.Down) == 1:
					got += "d"
				case len(out.Back) == 1:
					got += "b"
				default:
					got += "-"
				}
				if next < 0 || next > downFor {
					t.Errorf("at %d it wants to look again after %v", s.at, next)
				}
			}
			if got != tc.want {
				t.Errorf("told %q, want %q", got, tc.want)
			}
		})
	}
	al := newAlerts()
	al.look([]Cluster{{ID: "gone", State: StateUp}}, begin)
	if al.look(nil, begin); len(al.wasUp)+len(al.told) != 0 {
		t.Error("a cluster that was removed is remembered")
	}
}
