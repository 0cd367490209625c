package outgoing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// maxPing is the longest time of a health request.
const maxPing = 10 * time.Second

// side is what a definition leads to: a pool to a far side.
type side interface {
	// ping asks for a sign of life; its error is ready to be shown.
	ping(ctx context.Context) error
	breakerState() string // "closed", "open", "half_open", or empty without a breaker
	close() error
}

// connection is one state of one definition in force, or one that was and
// waits for its last call.
type connection struct {
	name, typ   string
	fingerprint string
	side        side // nil while the definition is disabled
	tracker     *tracker
	pingEvery   time.Duration
	pingLimit   time.Duration
	closed      func()

	mu       sync.Mutex
	refs     int  // calls and pings
	retired  bool // no longer in force
	pinging  bool
	failures int       // pings in a row
	nextPing time.Time // zero: now
}

// fingerprint is equal for equal definitions: what is compared is the spec
// (without what is for people only) and the credential that it presents.
func fingerprint(snap *odb.Snapshot, def odb.Named[*odb.OutgoingSpec]) (string, error) {
	spec := *def.S
	spec.Description = ""
	text, err := json.Marshal(&spec)
	if err != nil {
		return "", fmt.Errorf("read the definition: %w", err)
	}
	h := sha256.New()
	h.Write(text)
	if credential, ok := snap.Get("security", spec.Security); ok && spec.Security != "" {
		h.Write([]byte{0})
		h.Write(credential.Spec)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// open makes the connection of a definition. It does not connect.
func (m *Manager) open(name string, spec *odb.OutgoingSpec, sum string) (*connection, error) {
	c := &connection{
		name: name, typ: spec.Type, fingerprint: sum, pingEvery: spec.PingEvery.Std(), closed: m.live.Done,
		tracker: newTracker(name, m.log, m.cfg.Now), pingLimit: maxPing,
	}
	if spec.Type == "http" {
		c.pingLimit = min(maxPing, spec.Timeout.Std())
	}
	if spec.Enabled {
		var err error
		switch spec.Type {
		case "http":
			c.side, err = openHTTP(name, spec, m.cfg.Secrets, m.cfg.Credentials)
		case "sql":
			c.side, err = openSQL(name, spec, m.cfg.Secrets, m.cfg.DataDir, m.log.With("outgoing", name))
		default:
			err = fmt.Errorf("the type %q is unknown", spec.Type)
		}
		if err != nil {
			return nil, err
		}
	}
	m.live.Add(1)
	return c, nil
}

// hold keeps the connection open for a call.
func (c *connection) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refs++
}

// release ends a call; the last one of a retired connection closes it.
func (c *connection) release() {
	c.mu.Lock()
	c.refs--
	last := c.retired && c.refs == 0
	c.mu.Unlock()
	if last {
		c.close()
	}
}

// retire takes the connection out of force. It is called once.
func (c *connection) retire() {
	c.mu.Lock()
	c.retired = true
	last := c.refs == 0
	c.mu.Unlock()
	if last {
		c.close()
	}
}

func (c *connection) close() {
	defer c.closed()
	if c.side == nil {
		return
	}
	if err := c.side.close(); err != nil {
		c.tracker.log.Warn("close of an outgoing connection failed", "error", err.Error())
	}
}

// ping asks the far side for a sign of life, notes the outcome and returns it.
func (c *connection) ping(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, c.pingLimit)
	defer cancel()
	err := c.side.ping(limited)
	switch {
	case err == nil:
		c.tracker.up()
	case ctx.Err() != nil: // the caller left, the far side said nothing
	default:
		c.tracker.down(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.failures = 0
		return nil
	}
	c.failures++
	return service.AsError(err)
}

// note keeps what the outcome of a call tells of the far side's health. A call
// that ended for reasons of ours tells nothing.
func (c *connection) note(err error) {
	if d, ok := errors.AsType[*downError](err); ok {
		c.tracker.down(d.seen)
		return
	}
	e, failed := errors.AsType[*service.Error](err)
	if !failed || slices.Contains([]string{service.CodeSQL, service.CodeTooLarge}, e.Code) {
		c.tracker.up()
	}
}

// downError marks an error that says that the far side is down. Where it
// answered so itself, the answer goes to the service and the error does not.
type downError struct {
	seen     *service.Error
	answered bool
}

func (e *downError) Error() string { return e.seen.Error() }

// Unwrap returns the error that the service sees.
func (e *downError) Unwrap() error { return e.seen }

func (c *connection) report() Health {
	h := c.tracker.report()
	h.Type = c.typ
	if h.Enabled = c.side != nil; h.Enabled {
		h.Breaker = c.side.breakerState()
	}
	return h
}
