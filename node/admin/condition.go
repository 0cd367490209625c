package admin

import (
	"net/http"
	"strconv"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// condition is what a write was based on.
type condition struct {
	version int64 // of If-Match
	create  bool  // If-None-Match: *
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// condition reads If-Match and If-None-Match; one of them is needed, so that
// nobody overwrites what he has not seen.
func (c *call) condition() (condition, error) {
	match, none := c.Header.Values("If-Match"), c.Header.Values("If-None-Match")
	switch {
	case len(match)+len(none) == 0:
		return condition{}, refuse(http.StatusPreconditionRequired, client.CodePrecondition,
			"say which version the change is based on: If-Match with the ETag of the definition; PUT also takes If-None-Match: * to create it")
	case len(match)+len(none) > 1:
		return condition{}, refuse(http.StatusBadRequest, client.CodeBadRequest, "only one of If-Match and If-None-Match may be there, once")
	case len(none) == 1 && strings.TrimSpace(none[0]) != "*":
		return condition{}, refuse(http.StatusBadRequest, client.CodeBadRequest, "If-None-Match takes only *")
	case len(none) == 1:
		return condition{create: true}, nil
	}
	text := strings.TrimSpace(match[0])
	inner, quoted := strings.CutPrefix(text, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	version, err := strconv.ParseInt(inner, 10, 64)
	if err != nil || !quoted || !closed || version < 1 {
		return condition{}, refuse(http.StatusBadRequest, client.CodeBadRequest, "If-Match is %.40q; one version in quotes is needed, such as \"3\"", text)
	}
	return condition{version: version}, nil
}

// holds checks the condition against the definition as it is; exists says
// whether there is one.
func (k condition) holds(kind, name string, def odb.Definition, exists bool) error {
	switch {
	case k.create && exists:
		return conflict(def, "the %s %q exists already", kind, name)
	case !k.create && !exists:
		return missing(kind, name)
	case exists && def.Version != k.version:
		return conflict(def, "the %s %q is at version %d, the change is based on version %d: someone else changed it; look at the current state and try again", kind, name, def.Version, k.version)
	}
	return nil
}

// conflict makes the problem that carries the current state.
func conflict(def odb.Definition, format string, args ...any) error {
	p := refuse(http.StatusConflict, client.CodeConflict, format, args...)
	if current, err := marshal(def); err == nil {
		p.Current = current
	}
	return p
}
