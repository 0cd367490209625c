package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// busy is a node under traffic and changes, all of which have to go well.
type busy struct {
	*nodetest.Node
	stop   context.CancelFunc
	g      errgroup.Group
	calls  atomic.Int64
	writes atomic.Int64
	prefix string
}

func makeBusy(t *testing.T, n *nodetest.Node, prefix string) *busy {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	b := &busy{Node: n, stop: stop, prefix: prefix}
	for range 3 {
		b.g.Go(func() error {
			for ctx.Err() == nil {
				a, err := nodetest.TryDo(t.Context(), http.MethodPost, n.Traffic+"/hello", `{"name":"Ada"}`)
				if err != nil || a.Status != http.StatusOK {
					return fmt.Errorf("a request was answered %d %s, %w", a.Status, a.Body, err)
				}
				b.calls.Add(1)
			}
			return nil
		})
	}
	b.g.Go(func() error {
		for i := int64(1); ctx.Err() == nil; i++ {
			name := fmt.Sprintf("%s-%d", prefix, i)
			text := fmt.Sprintf("kind: channel\nname: %s\nspec: {path: /%s, service: hello.say}\n", name, name)
			if _, err := n.API.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "a.yaml", Text: text}}}); err != nil {
				return fmt.Errorf("change %s: %w", name, err)
			}
			b.writes.Store(i)
		}
		return nil
	})
	return b
}

// more waits until the traffic and the changes have gone on.
func (b *busy) more(t *testing.T) {
	t.Helper()
	calls, writes := b.calls.Load(), b.writes.Load()
	nodetest.Eventually(t, func() error {
		if b.calls.Load() < calls+20 || b.writes.Load() < writes+3 {
			return fmt.Errorf("%d calls, %d changes", b.calls.Load()-calls, b.writes.Load()-writes)
		}
		return nil
	})
}

// end stops traffic and changes; no change that was acknowledged is lost.
func (b *busy) end(t *testing.T) {
	t.Helper()
	b.stop()
	if err := b.g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range b.writes.Load() {
		name := fmt.Sprintf("%s-%d", b.prefix, i+1)
		if _, err := b.API.Definition(t.Context(), "channel", name); err != nil {
			t.Errorf("%s was acknowledged: %v", name, err)
		}
	}
}

// moveODB copies the ODB of a busy node and checks that all is as before.
func moveODB(t *testing.T, n *nodetest.Node, kind, dsn, prefix string) {
	t.Helper()
	b := makeBusy(t, n, prefix)
	b.more(t)
	var phases []string
	done, err := n.API.CopyODB(t.Context(), dsn, func(s client.CopyStep) { phases = append(phases, s.Phase) })
	if err != nil {
		b.stop()
		t.Fatal(err)
	}
	if !done.Followed || done.Rows < 10 || len(done.Tables) < 10 || len(phases) < 3 {
		t.Errorf("copied: %+v, %v", done, phases)
	}
	b.more(t)
	b.end(t)
	s, err := n.API.Status(t.Context())
	if err != nil || s.ODB.Kind != kind || s.ODB.State != "up" || !s.Level {
		t.Errorf("status: %+v, %v", s, err)
	}
	report, err := n.API.CheckODB(t.Context())
	if err != nil || report.Worst() == "fault" || report.Kind != kind {
		t.Errorf("check: %+v, %v", report, err)
	}
}

func export(t *testing.T, n *nodetest.Node) []byte {
	t.Helper()
	text, err := n.API.Export(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCopyODBLive(t *testing.T) {
	t.Parallel()
	var log logText
	o := nodetest.Options{Dir: filepath.Join(t.TempDir(), "node"), Log: &log}
	n := nodetest.Start(t, o)
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	moveODB(t, n, "sqlite", "sqlite:second.sqlite", "a")
	settings, err := os.ReadFile(filepath.Join(o.Dir, "node.toml"))
	if err != nil || !strings.Contains(string(settings), "\nodb = \"sqlite:"+filepath.Join(o.Dir, "second.sqlite")+"\"\n") || !strings.Contains(string(settings), "# Where the operational") {
		t.Errorf("the settings are %s, %v", settings, err)
	}
	before := export(t, n)
	for name, test := range map[string]struct {
		dsn, want string
		status    int
	}{
		"where it is":  {"sqlite:second.sqlite", "where the ODB is", http.StatusUnprocessableEntity},
		"not empty":    {"sqlite:odb.sqlite", "an ODB in it already", http.StatusConflict},
		"no DSN":       {"nonsense", "not a DSN", http.StatusUnprocessableEntity},
		"not there":    {"postgres://me:planted-secret@127.0.0.1:1/x", "cannot be opened", http.StatusUnprocessableEntity},
		"not a server": {"mysql://me:planted-secret@" + strings.TrimPrefix(n.Traffic, "http://") + "/x?connect_timeout=2", "cannot be opened", http.StatusUnprocessableEntity},
	} {
		_, err := n.API.CopyODB(t.Context(), test.dsn, nil)
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Status != test.status || !strings.Contains(p.Error(), test.want) || strings.Contains(p.Error(), "planted") {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "planted-secret") {
		t.Error("the log shows a password")
	}
	n = nodetest.Start(t, o)
	if !bytes.Equal(before, export(t, n)) {
		t.Error("after a new start the configuration is another")
	}
	n.Apply(strings.NewReplacer("name: hello", "name: again", "/hello", "/again").Replace(helloChannel))
}

// A node that starts with the old address goes to the new database: while the old
// one says so, and when it is gone.
func TestOldAddressIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := nodetest.Options{Dir: filepath.Join(dir, "node"), Settings: map[string]string{"odb": "sqlite:" + filepath.Join(dir, "first")}}
	n := nodetest.Start(t, o)
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	if _, err := n.API.CopyODB(t.Context(), "sqlite:"+filepath.Join(dir, "second"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := n.API.CopyODB(t.Context(), "sqlite:"+filepath.Join(dir, "third"), nil); err != nil {
		t.Fatal(err)
	}
	toml := filepath.Join(o.Dir, "node.toml")
	text, err := os.ReadFile(toml)
	if err != nil {
		t.Fatal(err)
	}
	old := bytes.ReplaceAll(text, []byte(filepath.Join(dir, "third")), []byte(filepath.Join(dir, "first")))
	if bytes.Equal(old, text) {
		t.Fatalf("the settings do not name the third: %s", text)
	}
	before := export(t, n)
	for _, gone := range []string{"", "first", "second"} {
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
		if gone != "" {
			if err := os.Remove(filepath.Join(dir, gone)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(toml, old, 0o600); err != nil {
			t.Fatal(err)
		}
		n = nodetest.Start(t, o)
		s, err := n.API.Status(t.Context())
		if err != nil || s.ODB.Where != filepath.Join(dir, "third") || !bytes.Equal(before, export(t, n)) {
			t.Errorf("without %q: %+v, %v", gone, s, err)
		}
	}
}

// Round all databases while the node serves and is changed.
func TestCopyODBAround(t *testing.T) {
	t.Parallel()
	dsn := func(scheme string, s *testservers.Server) string {
		u := url.URL{Scheme: scheme, User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: s.Database}
		return u.String()
	}
	pg, maria := testservers.Postgres(t), testservers.MariaDB(t)
	var log logText
	o := nodetest.Options{Dir: filepath.Join(t.TempDir(), "node"), Log: &log}
	n := nodetest.Start(t, o)
	n.Deploy("hello", helloV1)
	n.Apply(helloChannel)
	state := func() string {
		s, err := n.API.State(t.Context(), 5)
		h, herr := n.API.History(t.Context(), client.HistoryQuery{Before: 6, Diff: true})
		if err != nil || herr != nil {
			t.Fatal(err, herr)
		}
		return fmt.Sprintf("%+v %+v", s, h)
	}
	moveODB(t, n, "postgres", dsn("postgres", pg), "a")
	first := state()
	moveODB(t, n, "mysql", dsn("mysql", maria), "b")
	moveODB(t, n, "sqlite", "sqlite:last.sqlite", "c")
	if state() != first {
		t.Error("the history or the state of an old revision is another")
	}
	before := export(t, n)
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	n = nodetest.Start(t, o)
	if !bytes.Equal(before, export(t, n)) {
		t.Error("after a new start the configuration is another")
	}
	for _, s := range []*testservers.Server{pg, maria} {
		for _, secret := range []string{s.Password, url.PathEscape(s.Password)} {
			if strings.Contains(log.String(), secret) {
				t.Error("the log shows a password")
			}
		}
	}
}
