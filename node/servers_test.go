package node_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// logText is a log that may be read while it is written.
type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// A node whose ODB is on a server: it serves while the server is away, refuses
// changes with a reason, goes on when it is back, and another life of it finds all.
func TestODBOnServers(t *testing.T) {
	t.Parallel()
	for scheme, start := range map[string]func(testing.TB) *testservers.Server{
		"postgres": testservers.Postgres, "mysql": testservers.MariaDB,
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			where := fmt.Sprintf("%s:%d/%s", s.Host, s.Port, s.Database)
			dsn := url.URL{Scheme: scheme, User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: s.Database}
			var log logText
			o := nodetest.Options{Dir: filepath.Join(t.TempDir(), "node"), Settings: map[string]string{"odb": dsn.String()}, Log: &log}
			n := nodetest.Start(t, o)
			n.Deploy("hello", helloV1)
			n.Apply(helloChannel)
			greet(t, n)
			odbUp(t, n, scheme, where)
			s.Kill()
			greet(t, n)
			odbIs(t, n, "down", scheme, where) // the token is taken as it was last read
			nodetest.Eventually(t, func() error {
				_, err := n.API.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "x.yaml", Text: helloChannel}}})
				p, ok := errors.AsType[*client.Problem](err)
				if !ok || p.Status != http.StatusServiceUnavailable || strings.Contains(err.Error(), s.Password) {
					t.Fatalf("without its ODB the admin API says %v, want 503", err)
				}
				if !strings.Contains(p.Detail, "away since 20") {
					return err
				}
				return nil
			})
			_, err := n.API.Rollback(t.Context(), client.RollbackRequest{Revision: 1})
			if p, ok := errors.AsType[*client.Problem](err); !ok || p.Status != http.StatusServiceUnavailable {
				t.Errorf("without its ODB a change says %v, want 503", err)
			}
			s.Start()
			odbUp(t, n, scheme, where)
			greet(t, n)
			nodetest.Eventually(t, func() error { // what was tried meanwhile is in the audit log
				l, err := n.API.Audit(t.Context(), client.AuditQuery{Action: "rollback"})
				if err == nil && (len(l.Items) == 0 || !strings.HasSuffix(l.Items[0].Detail, "written late; 503: "+client.CodeUnavailable)) {
					err = fmt.Errorf("the audit log has %+v", l.Items)
				}
				return err
			})
			n.Apply(strings.ReplaceAll(helloChannel, "/hello", "/again"))
			if err := n.Stop(); err != nil {
				t.Fatal(err)
			}
			n = nodetest.Start(t, o)
			if a := n.Do(http.MethodPost, "/again", `{"name":"Ada"}`); a.Status != http.StatusOK {
				t.Errorf("after a new start: %d %s", a.Status, a.Body)
			}
			for _, secret := range []string{s.Password, url.PathEscape(s.Password), dsn.User.String()} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log shows the password as %s", secret)
				}
			}
		})
	}
}

func greet(t *testing.T, n *nodetest.Node) {
	t.Helper()
	if a := n.Do(http.MethodPost, "/hello", `{"name":"Ada"}`); a.Status != http.StatusOK || a.Body != `{"text":"Hello, Ada"}` {
		t.Fatalf("got %d %s", a.Status, a.Body)
	}
}

// odbUp waits until the node tells that its ODB is up and where it is.
func odbUp(t *testing.T, n *nodetest.Node, kind, where string) {
	t.Helper()
	odbIs(t, n, "up", kind, where)
}

// odbIs waits until the node tells that its ODB is in a state and where it is.
func odbIs(t *testing.T, n *nodetest.Node, state, kind, where string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		s, err := n.API.Status(t.Context())
		if err == nil && s.ODB.Kind == kind && s.ODB.Where == where && s.ODB.State == state {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the ODB is %+v, %v; want %s at %s, %s", s.ODB, err, kind, where, state)
		}
		<-time.After(20 * time.Millisecond)
	}
}
