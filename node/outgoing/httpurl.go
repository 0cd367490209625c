package outgoing

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

// baseURL is a definition's URL, taken apart once.
type baseURL struct {
	scheme, host string
	path         string // with {name} parameters
	query        url.Values
}

var hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// parseBase reads a URL that odb has checked, and what it left to us.
func parseBase(raw string) (baseURL, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return baseURL{}, fmt.Errorf("the URL has no scheme")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	u, err := url.Parse(scheme + "://" + rest[:end])
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return baseURL{}, errors.New("the URL is not an http or https address with a host and without credentials")
	}
	path, query, _ := strings.Cut(rest[end:], "?")
	if strings.Contains(path+query, "#") {
		return baseURL{}, errors.New("the URL has a fragment")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return baseURL{}, errors.New("the URL's query is broken")
	}
	if _, err := odb.PathParams(path); err != nil {
		return baseURL{}, err
	}
	return baseURL{scheme: u.Scheme, host: u.Host, path: path, query: values}, nil
}

// fixed returns the base up to the first step that has a parameter; health
// requests go there.
func (b baseURL) fixed() baseURL {
	if i := strings.IndexByte(b.path, '{'); i >= 0 {
		b.path = b.path[:strings.LastIndexByte(b.path[:i], '/')+1]
	}
	return b
}

// build makes the URL of a call: path goes below the base, params fill both, and
// query replaces the base's by name. No input can change the scheme, the host or
// the base's own path.
func (b baseURL) build(path string, params map[string]string, query url.Values) (*url.URL, error) {
	switch {
	case hasScheme.MatchString(path) || strings.HasPrefix(path, "//"):
		return nil, fmt.Errorf("the path %q is an address of its own; give the path below the connection's URL", path)
	case strings.ContainsAny(path, "?#"):
		return nil, fmt.Errorf("the path %q has ? or # in it; hand in query parameters by query", path)
	}
	template := b.path
	if path != "" {
		template = strings.TrimSuffix(b.path, "/") + "/" + strings.TrimPrefix(path, "/")
	}
	used := map[string]bool{}
	escaped, err := fillPath(template, params, used)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !used[name] {
			return nil, fmt.Errorf("the parameter %q of params stands neither in the URL nor in the path", name)
		}
	}
	for step := range strings.SplitSeq(escaped, "/") {
		if climbs(step) {
			return nil, fmt.Errorf("the path %q has a step . or .., which is refused", template)
		}
	}
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, fmt.Errorf("the path %q is broken: %w", template, err)
	}
	u := &url.URL{Scheme: b.scheme, Host: b.host, Path: plain, RawPath: escaped, RawQuery: b.merge(query).Encode()}
	if u.EscapedPath() != escaped {
		return nil, fmt.Errorf("the path %q cannot be written as a URL", template)
	}
	return u, nil
}

// merge puts the call's parameters over the base's; an empty list takes one out.
func (b baseURL) merge(query url.Values) url.Values {
	all := maps.Clone(b.query)
	for name, values := range query {
		if delete(all, name); len(values) > 0 {
			all[name] = values
		}
	}
	return all
}

// fillPath writes template with its parameters filled in and everything escaped.
func fillPath(template string, params map[string]string, used map[string]bool) (string, error) {
	var b strings.Builder
	for template != "" {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			open = len(template)
		}
		escapeLiteral(&b, template[:open])
		if template = template[open:]; template == "" {
			break
		}
		end := strings.IndexByte(template, '}')
		if end < 0 {
			return "", errors.New("the path has a { that is not closed")
		}
		name := template[1:end]
		value, ok := params[name]
		switch {
		case name == "" || strings.ContainsAny(name, "{"):
			return "", fmt.Errorf("the path has a parameter without a good name, %q", template[:end+1])
		case !ok:
			return "", fmt.Errorf("params has no value for {%s}", name)
		case value == "":
			return "", fmt.Errorf("the value for {%s} is empty", name)
		}
		used[name] = true
		b.WriteString(url.PathEscape(value))
		template = template[end+1:]
	}
	return b.String(), nil
}

// escapeLiteral writes text of a path: what is escaped already stays so.
func escapeLiteral(b *strings.Builder, text string) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]),
			c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(b, "%%%02X", c)
		}
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// climbs reports whether a step of a path means "here" or "up" to any server,
// also to one that unescapes once too often or takes \ for /.
func climbs(step string) bool {
	for range 4 {
		for _, part := range strings.FieldsFunc(step, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part == "." || part == ".." {
				return true
			}
		}
		plain, err := url.PathUnescape(step)
		if err != nil || plain == step {
			return false
		}
		step = plain
	}
	return false
}
