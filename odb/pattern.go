package odb

import (
	"fmt"
	"strings"
	"unicode"
)

// MaxPattern is the longest path pattern of a channel, in bytes.
const MaxPattern = 350

// Pattern is a parsed path pattern: literal segments, {name} for one segment,
// and {name...} as the last one for the rest of the path.
type Pattern struct {
	Segments []Segment
}

// Segment is one part of a pattern between slashes.
type Segment struct {
	Literal string // the text; empty when it is a parameter (or an empty last segment)
	Param   string // the parameter's name; empty when it is a literal
	Rest    bool   // the parameter takes the rest of the path, slashes included
}

// ParsePattern reads a path pattern. It refuses what could never match or would
// match two ways: no leading slash, double slashes, dot segments, a repeated or
// badly named parameter, a rest parameter that is not last.
func ParsePattern(path string) (Pattern, error) {
	var p Pattern
	switch {
	case !strings.HasPrefix(path, "/"):
		return p, fmt.Errorf("the path %q does not start with /", path)
	case len(path) > MaxPattern:
		return p, fmt.Errorf("the path has more than %d bytes", MaxPattern)
	case strings.HasPrefix(path, "/signalbox/") || path == "/signalbox":
		return p, fmt.Errorf("paths under /signalbox belong to the product; choose another")
	}
	seen := map[string]bool{}
	parts := strings.Split(path[1:], "/")
	for i, part := range parts {
		seg, err := parseSegment(part, i == len(parts)-1)
		if err != nil {
			return p, fmt.Errorf("the path %q: %w", path, err)
		}
		if seg.Param != "" && seen[seg.Param] {
			return p, fmt.Errorf("the path %q has the parameter {%s} twice", path, seg.Param)
		}
		seen[seg.Param] = true
		p.Segments = append(p.Segments, seg)
	}
	return p, nil
}

func parseSegment(part string, last bool) (Segment, error) {
	switch {
	case part == "" && !last:
		return Segment{}, fmt.Errorf("there are two slashes in a row")
	case part == "." || part == "..":
		return Segment{}, fmt.Errorf("%q is not allowed as a segment", part)
	case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}"):
		name, rest := strings.CutSuffix(part[1:len(part)-1], "...")
		if rest && !last {
			return Segment{}, fmt.Errorf("%s may only be the last segment", part)
		}
		if !isIdentifier(name) {
			return Segment{}, fmt.Errorf("the parameter %s has no good name; use letters, digits and _", part)
		}
		return Segment{Param: name, Rest: rest}, nil
	case strings.ContainsAny(part, "{}"):
		return Segment{}, fmt.Errorf("the segment %q mixes text and a parameter; a parameter is a whole segment", part)
	case strings.ContainsAny(part, "?#% \\") || strings.ContainsFunc(part, unicode.IsControl):
		return Segment{}, fmt.Errorf("the segment %q has a character that is not allowed (?, #, %%, \\, blank or control); write text undecoded", part)
	}
	return Segment{Literal: part}, nil
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if !isAlnum(r) && r != '_' || i == 0 && r >= '0' && r <= '9' {
			return false
		}
	}
	return s != ""
}

// Shape returns the pattern with the parameters' names taken out. Two patterns
// of one shape match exactly the same paths.
func (p Pattern) Shape() string {
	var b strings.Builder
	for _, s := range p.Segments {
		b.WriteByte('/')
		switch {
		case s.Rest:
			b.WriteString("{...}")
		case s.Param != "":
			b.WriteString("{}")
		default:
			b.WriteString(s.Literal)
		}
	}
	return b.String()
}

// Params returns the names of the parameters, from left to right.
func (p Pattern) Params() []string {
	var names []string
	for _, s := range p.Segments {
		if s.Param != "" {
			names = append(names, s.Param)
		}
	}
	return names
}
