// Package render fills templates with data: mails, pages, files of other systems.
//
// It offers Text and HTML (which escapes by context) in the language of Go's
// templates. Data is plain JSON, so a template calls nothing of the host but the
// functions listed at funcs. The work of a template is bounded: its text, its output,
// every string it makes, its loops and its nesting; it ends when the call ends.
// It imports library/dates, library/decimal, library/fault and library/ordered.
package render

import (
	"cmp"
	"context"
	"errors"
	html "html/template"
	"io"
	"strings"
	text "text/template"

	"signalbox.internal/node/library/fault"
)

// Limits of one rendering.
const (
	MaxTemplate = 256 << 10 // bytes of the template
	MaxOutput   = 1 << 20   // bytes of the output and of every string on the way; the default
	maxSteps    = 1_000_000 // rounds of loops, uses of templates, and every 64 bytes that functions make
	maxNesting  = 100       // templates that use one another
)

// Options of a rendering.
type Options struct {
	Strict    bool // a missing key is an error, not empty
	MaxOutput int  // bytes; zero means MaxOutput, more is not given

	steps int // zero means maxSteps; tests take fewer
}

// Text fills a template with data (what ordered.Decode gives, or Go maps and slices)
// and escapes nothing. A wrong template has code "template.syntax", one that fails
// "template.value", too much work or output "template.limit".
func Text(ctx context.Context, tmpl string, data any, o Options) (string, error) {
	r, err := newRun(ctx, tmpl, o)
	if err != nil {
		return "", err
	}
	t := text.New("template").Option(missing(o)).Funcs(r.funcs())
	if t, err = t.Parse(tmpl); err != nil {
		return "", wrong(err)
	}
	for _, each := range t.Templates() {
		r.guard(each.Tree, true)
	}
	return r.finish(t.Funcs(r.guards()).Execute(&r.out, native(data)))
}

// HTML is Text for HTML: every value is escaped for the place where it stands.
func HTML(ctx context.Context, tmpl string, data any, o Options) (string, error) {
	r, err := newRun(ctx, tmpl, o)
	if err != nil {
		return "", err
	}
	t := html.New("template").Option(missing(o)).Funcs(r.funcs())
	if t, err = t.Parse(tmpl); err != nil {
		return "", wrong(err)
	}
	for _, each := range t.Templates() {
		r.guard(each.Tree, false)
	}
	return r.finish(t.Funcs(r.guards()).Execute(&r.out, native(data)))
}

func missing(o Options) string {
	if o.Strict {
		return "missingkey=error"
	}
	return "missingkey=default"
}

func wrong(err error) error {
	return fault.New("template.syntax", "%s", strings.TrimPrefix(err.Error(), "template: "))
}

// run is one rendering.
type run struct {
	ctx   context.Context
	out   limited
	limit int // bytes of a string
	left  int // steps that may still be made
	depth int // templates that are in use
}

func newRun(ctx context.Context, tmpl string, o Options) (*run, error) {
	if len(tmpl) > MaxTemplate {
		return nil, fault.New("template.limit", "the template is larger than %d bytes", MaxTemplate)
	}
	limit := min(cmp.Or(o.MaxOutput, MaxOutput), MaxOutput)
	return &run{ctx: ctx, limit: limit, left: cmp.Or(o.steps, maxSteps), out: limited{left: limit}}, fault.Context(ctx)
}

// finish gives the output, or the error with our own code.
func (r *run) finish(err error) (string, error) {
	if err == nil {
		return r.out.b.String(), nil
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return "", e
	}
	if _, ok := errors.AsType[*html.Error](err); ok {
		return "", wrong(err)
	}
	return "", fault.New("template.value", "%s", strings.TrimPrefix(err.Error(), "template: "))
}

// limited takes some bytes and then fails.
type limited struct {
	b    strings.Builder
	left int
}

var _ io.Writer = (*limited)(nil)

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, tooMuch("the output is larger than allowed")
	}
	return l.b.Write(p)
}

func tooMuch(msg string) error { return fault.New("template.limit", "%s", msg) }
