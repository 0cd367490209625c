package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

func openSQLite(ctx context.Context, dsn string) (odb.Store, error) {
	return sqldb.Open(ctx, sqldb.Config{DSN: dsn, Log: slog.New(slog.DiscardHandler)})
}

// linkTo returns a link to a database that the reconciler has found level.
func linkTo(t testing.TB, file string) *odbLink {
	t.Helper()
	l := newODBLink("sqlite:"+file, slog.New(slog.DiscardHandler), openSQLite)
	if err := l.tryOpen(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.report(t.Context(), nil)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// The link hands each call on: it answers what the database answers.
func TestLinkIsAStore(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "odb.sqlite")
	direct, err := openSQLite(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close() //nolint:errcheck // it was a question
	want, got := everyCall(t, direct), everyCall(t, linkTo(t, file))
	different := map[string]bool{}
	for name, err := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(err) {
			t.Errorf("%s: %v, want %v", name, got[name], err)
		}
		different[fmt.Sprint(err)] = true
	}
	if len(different) < len(want)/2 {
		t.Errorf("%d calls have only %d answers: they tell little", len(want), len(different))
	}
}

// everyCall makes each call of a store once, with empty arguments, and returns the
// errors by name.
func everyCall(t *testing.T, s odb.Store) map[string]error {
	t.Helper()
	errs := map[string]error{}
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumMethod() {
		name := v.Type().Method(i).Name
		if name == "Close" {
			continue
		}
		call := v.Method(i)
		in := []reflect.Value{reflect.ValueOf(t.Context())}
		for j := 1; j < call.Type().NumIn(); j++ {
			in = append(in, reflect.Zero(call.Type().In(j)))
		}
		out := call.Call(in)
		err, _ := reflect.TypeAssert[error](out[len(out)-1])
		errs[name] = err
	}
	return errs
}

// While no database is open, or the reconciler has found it away, each call says
// so at once; only the reconciler still asks.
func TestLinkAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	check := func(l *odbLink, reason string) {
		t.Helper()
		for name, err := range everyCall(t, l) {
			away, ok := errors.AsType[*odb.Away](err)
			if odb.KindOf(err) != odb.Unavailable || !ok || away.Since.IsZero() || !strings.Contains(err.Error(), reason) {
				t.Errorf("%s: %v, which is no Away because of %q", name, err, reason)
			}
		}
	}
	closed := newODBLink("sqlite:x", slog.New(slog.DiscardHandler), nil)
	check(closed, "not opened yet")
	l := linkTo(t, filepath.Join(t.TempDir(), "odb.sqlite"))
	if _, err := l.Revision(ctx); err != nil {
		t.Fatal(err)
	}
	l.report(ctx, errors.New("the plug was pulled"))
	check(l, "the plug was pulled")
	if _, err := (poller{l}).Revision(ctx); err != nil {
		t.Errorf("the reconciler may not ask: %v", err)
	}
	l.report(ctx, nil)
	if _, err := l.Revision(ctx); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range everyCall(t, l) {
		if odb.KindOf(err) != odb.Unavailable {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// slowStore answers Revision when it is let go, and knows when it is closed.
type slowStore struct {
	odb.Store
	entered, let chan struct{}
	closed       atomic.Bool
}

func (s *slowStore) Revision(context.Context) (int64, error) {
	close(s.entered)
	<-s.let
	if s.closed.Load() {
		return 0, errors.New("closed under a call")
	}
	return 7, nil
}

func (s *slowStore) Apply(ctx context.Context, _ odb.ChangeSet) (odb.Revision, error) {
	rev, err := s.Revision(ctx)
	return odb.Revision{Revision: rev}, err
}

func (s *slowStore) Close() error { s.closed.Store(true); return nil }

// A call that runs when the link moves to another database ends on the old one,
// which is closed after it; the next call is on the new one.
func TestLinkSwap(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	slow := &slowStore{entered: make(chan struct{}), let: make(chan struct{})}
	l := newODBLink("sqlite:old", slog.New(slog.DiscardHandler), func(context.Context, string) (odb.Store, error) { return slow, nil })
	if err := l.tryOpen(ctx); err != nil {
		t.Fatal(err)
	}
	l.report(ctx, nil)
	var old int64
	var oldErr error
	var g sync.WaitGroup
	g.Go(func() { old, oldErr = l.Revision(ctx) })
	<-slow.entered
	next, err := openSQLite(ctx, "sqlite:"+filepath.Join(t.TempDir(), "new.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	l.onOpen = func() { close(told) }
	var swapErr error
	g.Go(func() { swapErr = l.swap(ctx, "sqlite:new", next) })
	<-told
	if rev, err := l.Revision(ctx); err != nil || rev != 0 || l.where() != "sqlite:new" {
		t.Errorf("on the new database: %d, %v, %s", rev, err, l.where())
	}
	if slow.closed.Load() {
		t.Error("the old database is closed under its call")
	}
	close(slow.let)
	g.Wait()
	if old != 7 || oldErr != nil || swapErr != nil || !slow.closed.Load() {
		t.Errorf("the call on the old database: %d, %v; swap: %v; closed: %v", old, oldErr, swapErr, slow.closed.Load())
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.swap(ctx, "sqlite:new", slow); odb.KindOf(err) != odb.Unavailable {
		t.Errorf("swap after Close: %v", err)
	}
}

// A database that cannot be opened is tried again after 1, 2, 4 … 30 seconds, and
// sooner, but not more than once a second, when somebody wants it. The log says
// once that it is away.
func TestLinkOpensWithPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logLines
		var tries atomic.Int64
		var opened atomic.Bool
		l := newODBLink("sqlite:x", slog.New(slog.NewTextHandler(&log, nil)), func(context.Context, string) (odb.Store, error) {
			tries.Add(1)
			if opened.Load() {
				return &slowStore{}, nil
			}
			return nil, errors.New("connection refused")
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		time.Sleep(5 * time.Minute)
		if n := tries.Load(); n < 10 || n > 16 {
			t.Errorf("%d tries in 5 minutes", n)
		}
		before := tries.Load()
		for range 100 {
			_, _ = l.Revision(ctx)
			time.Sleep(100 * time.Millisecond)
		}
		if n := tries.Load() - before; n < 5 || n > 11 {
			t.Errorf("%d tries in 10 seconds of asking", n)
		}
		if n := strings.Count(log.String(), "ODB is away"); n != 1 {
			t.Errorf("the log says %d times that the ODB is away:\n%s", n, log.String())
		}
		opened.Store(true)
		_, _ = l.Revision(ctx)
		time.Sleep(2 * time.Second)
		if !l.isOpen() {
			t.Error("it is not open 2 s after somebody wanted it")
		}
		l.report(ctx, nil)
		if !strings.Contains(log.String(), "ODB is back") {
			t.Errorf("the log does not say that the ODB is back:\n%s", log.String())
		}
		if err := l.drop(ctx); err != nil {
			t.Error(err)
		}
		time.Sleep(3 * time.Second)
		if !l.isOpen() {
			t.Error("a dropped database is not opened anew")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// logLines is a log that may be read while it is written.
type logLines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
