package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"signalbox.internal/node/deploy"
	"signalbox.internal/node/lastgood"
	"signalbox.internal/node/security"
	"signalbox.internal/odb"
)

const (
	// keepEvery is the least time between two writes of the last good configuration.
	keepEvery = time.Second
	// accessEvery is how often accounts and tokens are read for the time without the ODB.
	accessEvery = 10 * time.Second
	// accessTimeout is how long a change of accounts may wait for them to be read again.
	accessTimeout = 2 * time.Second
)

// keeper keeps what the node needs while its ODB is away: in memory who may
// administer it, on disk that, the configuration in force and the code. It works
// beside the changes: none of them waits for a write.
type keeper struct {
	store *odbLink
	file  *lastgood.File
	code  *deploy.Cache
	ring  *security.Keyring
	log   *slog.Logger
	wake  chan struct{}

	reading sync.Mutex // one reading of accounts and tokens at a time

	mu     sync.Mutex
	snap   *odb.Snapshot    // to be kept; nil before the first
	access *lastgood.Access // nil before the first
	dirty  bool
	key    string // the ring's key that sealed the file
	faulty bool   // the last write went wrong, and the log says so
}

// start takes what the file has, at the start of the node.
func (k *keeper) start(s lastgood.State) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.access, k.key = s.Access, k.ring.Primary()
}

// inForce takes the next configuration to keep.
func (k *keeper) inForce(snap *odb.Snapshot) {
	k.mu.Lock()
	k.snap, k.dirty = snap, true
	k.mu.Unlock()
	k.hint()
}

func (k *keeper) hint() {
	select {
	case k.wake <- struct{}{}:
	default: // a hint waits already
	}
}

// Access returns accounts and tokens as they were last read; nil before that.
func (k *keeper) Access() *lastgood.Access {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.access
}

// accessChanged reads accounts and tokens again: what was revoked through this
// node is not taken any more, whatever happens to the ODB next.
func (k *keeper) accessChanged(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), accessTimeout)
	defer cancel()
	k.readAccess(ctx)
}

// readAccess reads accounts and tokens; what cannot be read now stays as it was.
func (k *keeper) readAccess(ctx context.Context) {
	k.reading.Lock()
	defer k.reading.Unlock()
	read := time.Now()
	accounts, err := k.store.ListAccounts(ctx)
	if err != nil {
		return // the link tells of it
	}
	tokens, err := k.store.ListTokens(ctx)
	if err != nil {
		return
	}
	next := lastgood.NewAccess(accounts, tokens, read)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !next.Same(k.access) {
		k.dirty = true
		k.hint()
	}
	k.access = next
}

// Run keeps things until ctx ends, then once more when something is left.
func (k *keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(accessEvery)
	defer tick.Stop()
	k.readAccess(ctx)
	for {
		k.keep(ctx)
		pause := time.NewTimer(keepEvery)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), accessTimeout)
			defer cancel()
			k.keep(last)
			return nil
		case <-k.wake:
		case <-tick.C:
			k.readAccess(ctx)
		}
	}
}

// keep writes what has changed since the last time: the code first, so that the
// file names none that is not there.
func (k *keeper) keep(ctx context.Context) {
	k.mu.Lock()
	snap, access, key := k.snap, k.access, k.ring.Primary()
	due := snap != nil && access != nil && (k.dirty || k.key != key)
	if due {
		k.dirty = false
	}
	k.mu.Unlock()
	if !due {
		return
	}
	start := time.Now()
	codeErr := k.code.Keep(ctx, packagesOf(snap))
	fileErr := k.file.Write(lastgood.State{Revision: snap.Revision(), Definitions: slices.Collect(snap.All()), Access: access, Saved: start})
	k.mu.Lock()
	defer k.mu.Unlock()
	if fileErr == nil {
		k.key = key
	}
	if odb.KindOf(codeErr) == odb.Unavailable {
		k.dirty, codeErr = true, nil // the link tells of it
	}
	if err := errors.Join(codeErr, fileErr); err != nil {
		k.dirty = true // tried again with the next tick
		if !k.faulty {
			k.log.ErrorContext(ctx, "last good configuration cannot be kept; without its ODB the node would start with an older one", "error", err)
		}
		k.faulty = true
		return
	}
	k.faulty = false
	k.log.DebugContext(ctx, "last good configuration kept", "revision", snap.Revision(), "took_ms", time.Since(start).Milliseconds())
}

// packagesOf returns the hashes of the code that a configuration runs.
func packagesOf(snap *odb.Snapshot) map[string]bool {
	used := map[string]bool{}
	for _, s := range odb.Each[*odb.ServiceSpec](snap) {
		if odb.IsHash(s.S.Hash) {
			used[s.S.Hash] = true
		}
	}
	return used
}
