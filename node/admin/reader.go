package admin

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"signalbox.internal/odb"
)

// reader returns the newest configuration of the ODB. It asks for the revision,
// hands out the snapshot that the node runs when that is the one, and else loads
// it once. So a reader sees every write that was answered before, and a look
// costs one small query.
type reader struct {
	store   odb.Store
	running func() *odb.Snapshot
	log     *slog.Logger
	mu      sync.Mutex
	snap    *odb.Snapshot
}

func (r *reader) newest(ctx context.Context) (*odb.Snapshot, error) {
	revision, err := r.store.Revision(ctx)
	if err != nil {
		return nil, err
	}
	if running := r.running(); running != nil && running.Revision() == revision {
		return running, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.snap != nil && r.snap.Revision() >= revision {
		return r.snap, nil
	}
	snap, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	r.snap = snap
	return snap, nil
}

// load takes a snapshot with definitions that this program cannot read (a newer
// node wrote them) as it is: all others can be worked on.
func (r *reader) load(ctx context.Context) (*odb.Snapshot, error) {
	snap, err := r.store.Load(ctx)
	if snap == nil || err == nil {
		return snap, err
	}
	r.log.WarnContext(ctx, "some definitions cannot be read", "revision", snap.Revision(), "error", err.Error())
	return snap, nil
}

// at returns the configuration as of a revision, in the same way.
func (r *reader) at(ctx context.Context, revision int64) (*odb.Snapshot, error) {
	snap, err := r.store.StateAt(ctx, revision)
	if snap != nil {
		return snap, nil
	}
	return nil, err
}

// readable returns the newest configuration, or, while the ODB is away, the one
// that the node runs; the answer says so.
func (a *API) readable(c *call) (*odb.Snapshot, error) {
	snap, err := a.reader.newest(c.Context())
	if err == nil || odb.KindOf(err) != odb.Unavailable {
		return snap, err
	}
	running := a.cfg.Snapshot()
	if running == nil {
		return nil, err
	}
	a.markStale(c)
	return running, nil
}

// find returns the definition that the path names.
func (a *API) find(c *call) (*odb.Snapshot, odb.Definition, error) {
	kind, name := c.param("kind"), odb.CleanName(c.param("name"))
	if _, ok := odb.KindNamed(kind); !ok {
		return nil, odb.Definition{}, odb.UnknownKind(kind)
	}
	snap, err := a.readable(c)
	if err != nil {
		return nil, odb.Definition{}, err
	}
	def, ok := snap.Get(kind, name)
	if !ok {
		return nil, odb.Definition{}, missing(kind, name)
	}
	return snap, def, nil
}

func missing(kind, name string) error {
	return refuse(http.StatusNotFound, "not_found", "there is no %s %q", kind, name)
}
