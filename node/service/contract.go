package service

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Spec describes a service: what every caller, form and document is made from.
type Spec struct {
	Name    string          // unique in the cluster
	Doc     string          // one sentence for people
	Input   json.RawMessage // JSON Schema 2020-12; nil takes any JSON
	Output  json.RawMessage // JSON Schema 2020-12; nil promises nothing
	Timeout time.Duration   // longest time of a call; 0 means the node's default
}

// Service is named code that answers a request. Handle may be called by any
// number of goroutines at a time.
type Service interface {
	Spec() Spec
	// Handle answers one call with JSON. ctx carries the deadline and ends with
	// the caller. An error that is not an [*Error] is told to the caller as
	// "internal" without its text.
	Handle(ctx context.Context, c *Call) ([]byte, error)
}

// Module is one version of a package, loaded by an engine.
type Module interface {
	Package() string     // name of the package
	Hash() string        // content address; empty for code compiled into the node
	Engine() string      // "go", "typescript"
	Services() []Service // the same ones each time
	// Close frees the module. It is called once, when no call can reach it any more.
	Close()
}

// HTTPInfo is what a service may know of the HTTP request behind a call.
type HTTPInfo struct {
	Method  string
	Path    string              // as received, decoded
	Pattern string              // the channel's path pattern
	Params  map[string]string   // path parameters, decoded
	Query   map[string][]string // decoded
	Header  http.Header         // without credentials
	Remote  string              // client address without port
}

// Reply lets a service set what the channel's answer looks like beyond its JSON.
type Reply struct {
	Status      int         // 0 means the channel's default
	Header      http.Header // added to the answer
	ContentType string      // with Raw: its type
	Raw         []byte      // sent as it is in place of the JSON; nil means the JSON
}

// User says who calls: the security definition that matched and the name it gave.
type User struct {
	Security string         `json:"security"`         // name of the definition
	Name     string         `json:"name"`             // the user, as the definition tells it
	Claims   map[string]any `json:"claims,omitempty"` // of a JWT
}

// Call is one request to one service. A Call belongs to the goroutine that
// handles it.
type Call struct {
	CID     string    // correlation id, the same for the whole tree of calls
	Service string    // name of the service called
	Channel string    // what called: "http", "admin", "invoke", "test", …
	User    *User     // who called; nil when nobody signed in
	Input   []byte    // JSON, already validated against the service's schema
	HTTP    *HTTPInfo // nil unless an HTTP channel called
	Reply   Reply     // set by the service, read by the channel

	// Deadline is when a root call must have ended at the latest; zero leaves it to
	// the service's own timeout. It saves the caller a context of its own.
	Deadline time.Time

	inv   *Invoker
	table *table
	depth int
}

// Nested reports whether another service made the call. Engines admit only root
// calls through their limits, so that a tree of calls cannot wait for itself.
func (c *Call) Nested() bool { return c.depth > 0 }

// Version returns the content hash of the code that runs the call.
func (c *Call) Version() string {
	if e, ok := c.table.services[c.Service]; ok {
		return e.module.Hash()
	}
	return ""
}

// Invoke calls another service in the same table of versions and with the rest
// of this call's deadline. input is JSON; nil means null.
func (c *Call) Invoke(ctx context.Context, name string, input []byte) ([]byte, error) {
	return c.inv.nested(ctx, c, name, input)
}

// Host runs one host operation for the service. args is one JSON object; the
// result is JSON. Its errors are [*Error].
func (c *Call) Host(ctx context.Context, op string, args []byte) ([]byte, error) {
	return c.inv.host.run(ctx, c, op, args)
}
