package channel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/cors"

	"signalbox.internal/node/library"
	"signalbox.internal/odb"
)

const methodAny = "ANY"

// endpoint is a channel in force. But for its counters and its cache it never changes.
type endpoint struct {
	id, name string
	raw      json.RawMessage // the spec as stored, to see changes
	spec     *odb.ChannelSpec
	pattern  odb.Pattern
	method   string
	params   []param // of the pattern
	headers  http.Header
	allow    []netip.Prefix
	cors     *cors.Cors // nil without CORS
	limiter  *limiter   // nil without a rate limit
	xmlIn    library.XMLOptions
	xmlOut   library.XMLFormat
	maxBody  int64
	timeout  time.Duration
	accepts  []string // media types that a body may have, for Accept
	shapes   atomic.Pointer[shapes]
}

// param is a path parameter: its name and the place of its segment.
type param struct {
	name string
	at   int
	rest bool
}

// newEndpoint makes an endpoint from a definition. prev, when not nil, is the same
// channel as it was: an unchanged rate limit goes on counting.
func newEndpoint(d odb.Named[*odb.ChannelSpec], prev *endpoint) (*endpoint, error) {
	pattern, err := odb.ParsePattern(d.S.Path)
	if err != nil {
		return nil, err
	}
	e := &endpoint{
		id: d.ID, name: d.Name, raw: d.Spec, spec: d.S, pattern: pattern, method: d.S.Method,
		maxBody: int64(d.S.MaxBody), timeout: d.S.Timeout.Std(), cors: newCORS(d.S),
	}
	for i, s := range pattern.Segments {
		if s.Param != "" {
			e.params = append(e.params, param{name: s.Param, at: i, rest: s.Rest})
		}
	}
	for name, value := range d.S.Headers {
		if ours(http.CanonicalHeaderKey(name)) {
			return nil, fmt.Errorf("the header %s cannot be set: it belongs to the connection or to the product", name)
		}
		if e.headers == nil {
			e.headers = http.Header{}
		}
		e.headers.Set(name, value)
	}
	for _, text := range d.S.AllowIPs {
		p, err := odb.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		e.allow = append(e.allow, p)
	}
	if e.accepts = acceptable(d.S.Body); e.accepts == nil && d.S.Body != bodyText && d.S.Body != bodyBinary && d.S.Body != bodyNone {
		return nil, fmt.Errorf("body is %q, which this program does not know", d.S.Body)
	}
	if d.S.RateLimit.Requests > 0 {
		if prev != nil && prev.limiter != nil && prev.spec.RateLimit == d.S.RateLimit {
			e.limiter = prev.limiter
		} else {
			e.limiter = newLimiter(d.S.RateLimit)
		}
	}
	return e, e.readXML(d.S)
}

// readXML prepares the mapping of XML and tries it, so that rules which contradict
// each other show now.
func (e *endpoint) readXML(s *odb.ChannelSpec) error {
	namespaces := make(map[string]string, len(s.XML.Namespaces))
	for prefix, uri := range s.XML.Namespaces {
		if prefix == "_" {
			prefix = ""
		}
		namespaces[prefix] = uri
	}
	if len(namespaces) == 0 {
		namespaces = nil
	}
	most := max(10<<20, 2*int(s.MaxBody))
	e.xmlIn = library.XMLOptions{Namespaces: namespaces, Strip: s.XML.Strip, Arrays: s.XML.Arrays, MaxBytes: most}
	e.xmlOut = library.XMLFormat{Root: s.XML.Root, Namespaces: namespaces, Declaration: true}
	if _, err := library.ParseXML([]byte("<x/>"), e.xmlIn); err != nil {
		return fmt.Errorf("the XML rules cannot be used: %w", err)
	}
	if s.XML.Root != "" {
		if _, err := library.FormatXML("", e.xmlOut); err != nil {
			return fmt.Errorf("the XML root cannot be used: %w", err)
		}
	}
	return nil
}

// newCORS makes the CORS rules of a channel; nil when they are off.
func newCORS(s *odb.ChannelSpec) *cors.Cors {
	if len(s.CORS.Origins) == 0 {
		return nil
	}
	methods := []string{s.Method}
	switch s.Method {
	case methodAny:
		methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	case http.MethodGet:
		methods = append(methods, http.MethodHead)
	}
	return cors.New(cors.Options{
		AllowedOrigins:   s.CORS.Origins,
		AllowedMethods:   methods,
		AllowedHeaders:   slices.Concat(s.CORS.Headers, []string{"Accept", "Content-Type", "X-Requested-With", "X-Correlation-ID"}),
		ExposedHeaders:   slices.Concat(s.CORS.Expose, []string{"X-Correlation-ID"}),
		AllowCredentials: s.CORS.Credentials,
		MaxAge:           int(s.CORS.MaxAge.Std() / time.Second),
	})
}
