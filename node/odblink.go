package node

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"signalbox.internal/odb"
)

// How often a database that cannot be opened is tried again; a hint comes sooner.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// odbLink is the ODB as the parts of the node see it: an [odb.Store] that may not
// be open yet, may be away, and may move to another database while it is used.
// Until the reconciler has found the ODB level with the node (report), each call
// is Unavailable at once, with an [odb.Away] that says since when and why: nobody
// but the one who asks every second waits for a dead server.
type odbLink struct {
	open  func(ctx context.Context, dsn string) (odb.Store, error)
	log   *slog.Logger
	hints chan struct{} // somebody wants the database now
	gone  chan struct{} // it was dropped

	// Set before Run and before any use; nil tells nobody.
	onOpen    func()                    // another database is in use
	onTrouble func()                    // a call could not reach the database
	onAccess  func(ctx context.Context) // accounts or tokens were changed through this node

	mu     sync.RWMutex
	dsn    string
	file   os.FileInfo // of SQLite, as it was opened; else nil
	cur    *openODB    // nil while none is open
	since  time.Time   // since when it is up or away
	why    error       // why it is away; nil: it is up
	told   bool        // the log says that it is away
	known  int64       // the newest revision that the node has served, or could
	closed bool
	turned chan struct{} // closed and replaced when another database is used
}

// openODB is an open database and the calls that run on it.
type openODB struct {
	odb.Store
	calls tally
}

var errNotOpen = errors.New("it was not opened yet")

func newODBLink(dsn string, log *slog.Logger, open func(context.Context, string) (odb.Store, error)) *odbLink {
	return &odbLink{
		open: open, dsn: dsn, log: log.With("component", "odb link"), since: time.Now(), why: errNotOpen,
		hints: make(chan struct{}, 1), gone: make(chan struct{}, 1), turned: make(chan struct{}),
	}
}

// Run opens the database whenever none is open, with more patience each time.
func (l *odbLink) Run(ctx context.Context) error {
	wait := firstRetry
	for {
		if l.isOpen() {
			wait = firstRetry
			select {
			case <-ctx.Done():
				return nil
			case <-l.gone:
				continue
			}
		}
		if !l.pause(ctx, wait) {
			return nil
		}
		wait = min(2*wait, lastRetry)
		_ = l.tryOpen(ctx) // it is kept as the reason why the ODB is away
	}
}

// pause waits for about d, or a second when somebody wants the database; false
// when ctx ends.
func (l *odbLink) pause(ctx context.Context, d time.Duration) bool {
	earliest := time.NewTimer(firstRetry)
	defer earliest.Stop()
	latest := time.NewTimer(d + rand.N(d/4+1)) //nolint:gosec // no secret
	defer latest.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-latest.C:
		return true
	case <-l.hints:
	}
	select {
	case <-ctx.Done():
		return false
	case <-earliest.C:
		return true
	}
}

// hint says that somebody wants a database that is not open.
func (l *odbLink) hint() {
	select {
	case l.hints <- struct{}{}:
	default: // a hint waits already
	}
}

func (l *odbLink) isOpen() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.cur != nil || l.closed
}

// tryOpen opens the database once. It is used when the reconciler says so.
func (l *odbLink) tryOpen(ctx context.Context) error {
	l.mu.RLock()
	dsn, known := l.dsn, l.known
	l.mu.RUnlock()
	err := missing(dsn, known)
	var next odb.Store
	if err == nil {
		next, err = l.open(ctx, dsn)
	}
	if err != nil {
		if ctx.Err() == nil || errors.Is(err, context.DeadlineExceeded) {
			l.report(ctx, err)
		}
		return err
	}
	l.mu.Lock()
	if l.closed || l.cur != nil || l.dsn != dsn { // somebody was faster
		l.mu.Unlock()
		return next.Close()
	}
	l.cur, l.file = &openODB{Store: next}, fileOf(dsn)
	l.mu.Unlock()
	l.opened()
	return nil
}

func (l *odbLink) opened() {
	if l.onOpen != nil {
		l.onOpen()
	}
}

// swap makes next, which was opened from dsn, the node's ODB. Calls that run on
// the old one end there, then it is closed; when ctx ends first, it is closed all
// the same.
func (l *odbLink) swap(ctx context.Context, dsn string, next odb.Store) error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errors.Join(errLinkClosed("move ODB"), next.Close())
	}
	old := l.cur
	l.cur, l.dsn, l.file = &openODB{Store: next}, dsn, fileOf(dsn)
	close(l.turned)
	l.turned = make(chan struct{})
	l.mu.Unlock()
	l.opened()
	return old.end(ctx)
}

// drop lets go of a database that must not be used any more; Run opens it anew.
func (l *odbLink) drop(ctx context.Context) error {
	l.mu.Lock()
	old := l.cur
	l.cur = nil
	l.mu.Unlock()
	select {
	case l.gone <- struct{}{}:
	default:
	}
	return old.end(ctx)
}

// end closes a database when its calls have ended, or ctx.
func (o *openODB) end(ctx context.Context) error {
	if o == nil {
		return nil
	}
	_ = o.calls.wait(ctx) // who does not end is cut off
	return o.Close()
}

// report takes what the reconciler found: nil opens the way for everybody, an
// error closes it. It is logged when the ODB goes and when it comes back.
func (l *odbLink) report(ctx context.Context, err error) {
	if _, own := errors.AsType[*odb.Away](err); own {
		return // it says what is known
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case err == nil && l.why != nil:
		if l.told {
			l.log.InfoContext(ctx, "ODB is back", "away_ms", now.Sub(l.since).Milliseconds())
		}
		l.since, l.why, l.told = now, nil, false
	case err != nil:
		if l.why == nil {
			l.since = now
		}
		switch told := l.told && isBehind(err) == isBehind(l.why); {
		case told:
		case isBehind(err):
			l.log.WarnContext(ctx, "ODB is behind", "error", err)
		default:
			l.log.WarnContext(ctx, "ODB is away", "error", err)
		}
		l.why, l.told = err, true
	}
}

func isBehind(err error) bool {
	_, ok := errors.AsType[*odb.Behind](err)
	return ok
}

func word(first bool, yes, no string) string {
	if first {
		return yes
	}
	return no
}

// health returns since when the ODB is up, or away and why.
func (l *odbLink) health() (since time.Time, why error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.since, l.why
}

// where returns the DSN of the database in use. It may have a password.
func (l *odbLink) where() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.dsn
}

// Close implements odb.Store: it cuts off the calls that run.
func (l *odbLink) Close() error {
	l.mu.Lock()
	old := l.cur
	l.cur, l.closed = nil, true
	l.mu.Unlock()
	if old == nil {
		return nil
	}
	return old.Close()
}

func errLinkClosed(op string) error {
	return odb.Errorf(odb.Unavailable, op, "", "the node stops")
}
