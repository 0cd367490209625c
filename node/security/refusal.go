package security

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What a [Refusal] is: for errors.Is.
var (
	ErrUnknown     = errors.New("unknown credentials")
	ErrForbidden   = errors.New("credentials without permission")
	ErrUnavailable = errors.New("credentials cannot be checked now")
)

// The codes of refusals, as clients see them.
const (
	CodeUnknown       = "unauthorized"            // 401: no or unknown credentials
	CodeForbidden     = "forbidden"               // 403: good credentials that do not open this
	CodeNoKeys        = "keys_unavailable"        // 503: the keys of tokens could not be had yet
	CodeNoCredentials = "credentials_unavailable" // 503: the definition's own secret could not be opened
)

// retryAfter is how long a client should wait while credentials cannot be checked.
const retryAfter = 10 * time.Second

// Refusal says that a request is not let through, and how to answer it.
type Refusal struct {
	Status     int           // 401, 403 or 503
	Code       string        // one of the Code constants
	Detail     string        // for the client; tells nothing that it does not know
	Challenges []string      // values of WWW-Authenticate, a header each
	RetryAfter time.Duration // with 503
	Owner      string        // with 403: the definition that the credentials are good for; for logs, not for clients
	reason     reason
}

// Error returns code and detail.
func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }

// Is makes a refusal one of ErrUnknown, ErrForbidden and ErrUnavailable.
func (r *Refusal) Is(target error) bool {
	switch r.Status {
	case http.StatusUnauthorized:
		return target == ErrUnknown
	case http.StatusForbidden:
		return target == ErrForbidden
	default:
		return target == ErrUnavailable
	}
}

// Reason returns the word under which the refusal is counted.
func (r *Refusal) Reason() string { return r.reason.String() }

func (r *Refusal) by(owner string) *Refusal {
	r.Owner = owner
	return r
}

func forbidden(why reason, detail, bearerError string) *Refusal {
	r := &Refusal{Status: http.StatusForbidden, Code: CodeForbidden, Detail: detail, reason: why}
	if bearerError != "" {
		r.Challenges = []string{`Bearer realm="Signalbox", error="` + bearerError + `"`}
	}
	return r
}

func unavailable(code string) *Refusal {
	return &Refusal{
		Status: http.StatusServiceUnavailable, Code: code, reason: reasonUnavailable, RetryAfter: retryAfter,
		Detail: "credentials cannot be checked at the moment; try again",
	}
}

// reason is why a request was refused, for the counters.
type reason int

const (
	reasonNone reason = iota
	reasonUnknown
	reasonToken
	reasonExpired
	reasonOther
	reasonClaims
	reasonUnavailable
	reasons
)

func (r reason) String() string {
	names := [reasons]string{"no_credentials", "unknown_credentials", "bad_token", "expired_token", "other_definition", "missing_claim", "unavailable"}
	if r < 0 || r >= reasons {
		return fmt.Sprintf("reason %d", int(r))
	}
	return names[r]
}

// Refusals returns how many requests were refused since the start, by reason.
func (m *Manager) Refusals() map[string]int64 {
	out := make(map[string]int64, reasons)
	for i := range m.refused {
		out[reason(i).String()] = m.refused[i].Load()
	}
	return out
}

// challenges tells how a client may authenticate: each way once, in the order of
// the names. Definitions that are switched off are not offered.
func (t *table) challenges(names []string, badToken bool) []string {
	var out []string
	for _, name := range names {
		c := t.byName[name]
		if c == nil || !c.enabled {
			continue
		}
		var s string
		switch c.kind {
		case "basic":
			s = "Basic realm=" + quoted(c.realm) + `, charset="UTF-8"`
		case "apikey":
			s = `ApiKey realm="Signalbox", header=` + quoted(c.key.name)
			if c.key.name == "Authorization" && isToken(c.key.prefix) {
				s = c.key.prefix + ` realm="Signalbox"`
			}
		case "jwt":
			s = `Bearer realm="Signalbox"`
			if badToken {
				s += `, error="invalid_token"`
			}
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// quoted writes a quoted-string of an HTTP header.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isToken reports whether s may stand as the name of a scheme.
func isToken(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_' {
			return false
		}
	}
	return s != ""
}
