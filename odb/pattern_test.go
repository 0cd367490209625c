package odb_test

import (
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func TestParsePattern(t *testing.T) {
	for path, want := range map[string]struct {
		shape  string
		params []string
	}{
		"/":                       {"/", nil},
		"/a":                      {"/a", nil},
		"/a/":                     {"/a/", nil},
		"/a/b.c/d-e_f~g":          {"/a/b.c/d-e_f~g", nil},
		"/orders/{id}":            {"/orders/{}", []string{"id"}},
		"/orders/{id}/lines/{_2}": {"/orders/{}/lines/{}", []string{"id", "_2"}},
		"/files/{rest...}":        {"/files/{...}", []string{"rest"}},
		"/{x}":                    {"/{}", []string{"x"}},
		"/{x}/":                   {"/{}/", []string{"x"}},
		"/zażółć/漢字":              {"/zażółć/漢字", nil},
		"/a:b;c=d@e!$&'()*+,":     {"/a:b;c=d@e!$&'()*+,", nil},
		"/signalboxes":            {"/signalboxes", nil},
		"/a/...":                  {"/a/...", nil},
	} {
		p, err := odb.ParsePattern(path)
		if err != nil || p.Shape() != want.shape || !slices.Equal(p.Params(), want.params) {
			t.Errorf("ParsePattern(%q) = %q with %v, %v; want %q with %v", path, p.Shape(), p.Params(), err, want.shape, want.params)
		}
	}
	for path, want := range map[string]string{
		"":                             "does not start with /",
		"a":                            "does not start with /",
		"//":                           "two slashes",
		"/a//b":                        "two slashes",
		"/.":                           "not allowed as a segment",
		"/a/../b":                      "not allowed as a segment",
		"/{}":                          "no good name",
		"/{1a}":                        "no good name",
		"/{a-b}":                       "no good name",
		"/{é}":                         "no good name",
		"/{...}":                       "no good name",
		"/{a}/{a}":                     "the parameter {a} twice",
		"/{a...}/b":                    "only be the last",
		"/{a...}/":                     "only be the last",
		"/x{a}":                        "mixes text and a parameter",
		"/{a}x":                        "mixes text and a parameter",
		"/{a}{b}":                      "no good name",
		"/{a":                          "mixes text and a parameter",
		"/a}":                          "mixes text and a parameter",
		"/a?b":                         "not allowed",
		"/a#b":                         "not allowed",
		"/a%20b":                       "not allowed",
		"/a b":                         "not allowed",
		`/a\b`:                         "not allowed",
		"/a\x00":                       "not allowed",
		"/a\u0085":                     "not allowed",
		"/signalbox":                   "belong to the product",
		"/signalbox/x":                 "belong to the product",
		"/" + strings.Repeat("a", 350): "more than 350 bytes",
	} {
		if p, err := odb.ParsePattern(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParsePattern(%q) = %+v, %v; want an error with %q", path, p, err, want)
		}
	}
}

func FuzzParsePattern(f *testing.F) {
	for _, s := range []string{"/", "/a/{b}/{c...}", "/a//b", "/{a}{b}", "/%2e%2e/", "/signalbox/x", "/é/."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, err := odb.ParsePattern(path)
		if err != nil {
			return
		}
		var same, other strings.Builder // as it was, and with the parameters called otherwise
		for i, s := range p.Segments {
			switch {
			case s.Rest:
				same.WriteString("/{" + s.Param + "...}")
				other.WriteString("/{q" + strings.Repeat("x", i) + "...}")
			case s.Param != "":
				same.WriteString("/{" + s.Param + "}")
				other.WriteString("/{q" + strings.Repeat("x", i) + "}")
			default:
				same.WriteString("/" + s.Literal)
				other.WriteString("/" + s.Literal)
			}
		}
		if same.String() != path {
			t.Errorf("ParsePattern(%q) has the segments of %q", path, same.String())
		}
		if len(p.Shape()) > len(path) || other.Len() <= odb.MaxPattern && shape(t, other.String()) != p.Shape() {
			t.Errorf("the shape of %q is %q", path, p.Shape())
		}
	})
}

func shape(t *testing.T, path string) string {
	t.Helper()
	p, err := odb.ParsePattern(path)
	if err != nil {
		t.Errorf("ParsePattern(%q): %v", path, err)
	}
	return p.Shape()
}
