package library

import (
	"net/url"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// ParseURL takes a URL apart: scheme, user (never the password), host, port, path
// (unescaped), query (as ParseForm) and fragment, all strings but query. A wrong URL
// has code "url.syntax"; the message does not repeat it, for it may hold a password.
func ParseURL(text string) (*Object, error) {
	u, err := url.Parse(text)
	if err != nil || !utf8.ValidString(u.Path) || !utf8.ValidString(u.Fragment) || !utf8.ValidString(u.User.Username()) {
		return nil, fault.New("url.syntax", "this is not a URL")
	}
	query, err := ParseForm(u.RawQuery)
	if err != nil {
		return nil, err
	}
	path := u.Path
	if u.Opaque != "" {
		path = u.Opaque
	}
	return ordered.Of("scheme", u.Scheme, "user", u.User.Username(), "host", u.Hostname(), "port", u.Port(),
		"path", path, "query", query, "fragment", u.Fragment), nil
}
