package security

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"signalbox.internal/odb"
)

// Identity says who a request comes from. It is shared between requests: read only.
type Identity struct {
	Security string         // name of the definition that matched
	Name     string         // the user, as the definition tells it; may be empty
	Claims   map[string]any // of a token; numbers are json.Number
}

// credential is a security definition in force. It never changes.
type credential struct {
	id, name string
	kind     string          // basic, apikey, jwt
	spec     json.RawMessage // as stored, to see changes
	enabled  bool
	outside  bool   // a secret is in a variable or a file and may change without a revision
	stale    bool   // the definition has changed but could not be put into force
	fault    string // why it cannot be used; empty when it can
	identity Identity
	realm    string
	digest   digest    // of basic and apikey
	key      keyHeader // of apikey
	present  string    // value of the header that presents it; of basic and apikey
	jwt      *tokens   // of jwt
}

// usable reports whether the credential may open anything.
func (c *credential) usable() bool { return c != nil && c.enabled && c.fault == "" }

// keyHeader is where an API key stands in a request.
type keyHeader struct{ name, prefix string }

// value writes the header's value with key in it.
func (h keyHeader) value(key string) string {
	if h.prefix == "" {
		return key
	}
	if last := h.prefix[len(h.prefix)-1]; last >= '0' && last <= '9' || last >= 'A' && last <= 'Z' || last >= 'a' && last <= 'z' {
		return h.prefix + " " + key
	}
	return h.prefix + key
}

// find returns the key in r. Two headers of the name are none: what another hop
// reads might be the other one.
func (h keyHeader) find(r *http.Request) (string, bool) {
	values := r.Header[h.name]
	if len(values) != 1 {
		return "", false
	}
	v := values[0]
	if h.prefix != "" {
		if len(v) < len(h.prefix) || !strings.EqualFold(v[:len(h.prefix)], h.prefix) {
			return "", false
		}
		v = strings.TrimLeft(v[len(h.prefix):], " ")
	}
	return v, v != ""
}

// digest stands for a password or key. It is salted per process, so that nobody
// outside can steer it: comparing and looking up digests tells nothing by its time.
type digest [sha256.Size]byte

// digest makes the digest of a credential's text.
func (m *Manager) digest(kind, header string, text []byte) digest {
	var stack [512]byte
	b := append(stack[:0], m.salt[:]...)
	b = append(append(b, kind...), 0)
	b = append(append(b, header...), 0)
	return sha256.Sum256(append(b, text...))
}

func basicValue(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// canonical is http.CanonicalHeaderKey under a name that says why.
func canonical(header string) string { return http.CanonicalHeaderKey(header) }

// isOutside reports whether a secret may change without the ODB.
func isOutside(s odb.Secret) bool {
	scheme, _, _ := strings.Cut(s.Ref(), ":")
	return scheme == "env" || scheme == "file" || scheme == "cred"
}
