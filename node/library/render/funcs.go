package render

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"time"

	"signalbox.internal/node/library/dates"
	"signalbox.internal/node/library/decimal"
	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// funcs are the functions of templates, beside Go's and, or, not, eq, ne, lt, le, gt,
// ge, len, index and slice. Those that make text are our own, for Go's know no limit:
//
//	upper TEXT · lower TEXT · trim TEXT · contains PART TEXT · replace OLD NEW TEXT
//	join SEPARATOR LIST · split SEPARATOR TEXT · indent SPACES TEXT · default VALUE ANY
//	json ANY · date FORMAT DATE [ZONE] · decimal PLACES NUMBER [GROUP POINT]
//	print ANY… · println ANY… · printf FORMAT ANY… · html ANY… · js ANY… · urlquery ANY…
//
// Arguments come in the order that suits pipelines: {{.name | default "-" | upper}}.
func (r *run) funcs() map[string]any {
	escaper := func(escape func(string) string) func(...any) (string, error) {
		return func(args ...any) (string, error) {
			s, err := r.print("", args...)
			if err != nil {
				return "", err
			}
			return r.made(escape(s))
		}
	}
	return map[string]any{
		"upper":    r.mapping(strings.ToUpper),
		"lower":    r.mapping(strings.ToLower),
		"trim":     r.mapping(strings.TrimSpace),
		"contains": r.contains,
		"replace":  r.replace,
		"join":     r.join,
		"split":    r.split,
		"indent":   r.indent,
		"default":  fallback,
		"json":     r.json,
		"date":     r.date,
		"decimal":  r.decimal,
		"print":    func(args ...any) (string, error) { return r.print("", args...) },
		"println":  func(args ...any) (string, error) { return r.print("\n", args...) },
		"printf":   r.printf,
		"html":     escaper(template.HTMLEscapeString),
		"js":       escaper(template.JSEscapeString),
		"urlquery": escaper(func(s string) string { return template.URLQueryEscaper(s) }),
		"call":     func(...any) (string, error) { return "", wrongArg("there is nothing to call") },
	}
}

// show is what an action of a text template prints.
func (r *run) show(v any) (any, error) {
	switch v.(type) {
	case nil:
		return "", nil
	case map[string]any, []any, []string:
		return r.text(v)
	}
	return v, nil
}

func (r *run) mapping(f func(string) string) func(any) (string, error) {
	return func(v any) (string, error) {
		s, err := r.text(v)
		if err != nil {
			return "", err
		}
		return r.made(f(s))
	}
}

// print joins its arguments without spaces and ends with end.
func (r *run) print(end string, args ...any) (string, error) {
	var b strings.Builder
	for _, a := range args {
		s, err := r.text(a)
		if err != nil {
			return "", err
		}
		if b.Len()+len(s) > r.limit {
			return r.made(b.String() + s)
		}
		b.WriteString(s)
	}
	return r.made(b.String() + end)
}

func (r *run) contains(part, v any) (bool, error) {
	p, err := r.text(part)
	if err != nil {
		return false, err
	}
	s, err := r.text(v)
	return strings.Contains(s, p), err
}

func (r *run) replace(old, with string, v any) (string, error) {
	s, err := r.text(v)
	if err != nil {
		return "", err
	}
	if grows := strings.Count(s, old) * (len(with) - len(old)); len(s)+grows > r.limit {
		return "", tooMuch("a string of the template is larger than allowed")
	}
	return r.made(strings.ReplaceAll(s, old, with))
}

func (r *run) join(sep string, v any) (string, error) {
	var list []any
	switch v := v.(type) {
	case nil:
	case []any:
		list = v
	case []string:
		for _, s := range v {
			list = append(list, s)
		}
	default:
		return "", wrongArg("join wants a list")
	}
	args := make([]any, 0, 2*len(list))
	for i, item := range list {
		if i > 0 {
			args = append(args, sep)
		}
		args = append(args, item)
	}
	return r.print("", args...)
}

func (r *run) split(sep string, v any) ([]string, error) {
	s, err := r.text(v)
	if err != nil {
		return nil, err
	}
	if err := r.spend(strings.Count(s, sep)); err != nil {
		return nil, err
	}
	return strings.Split(s, sep), nil
}

func (r *run) indent(spaces int, v any) (string, error) {
	const most = 100
	if spaces < 0 || spaces > most {
		return "", wrongArg("indent takes 0 to %d spaces", most)
	}
	pad := strings.Repeat(" ", spaces)
	s, err := r.replace("\n", "\n"+pad, v)
	if err != nil {
		return "", err
	}
	return r.made(pad + s)
}

// fallback gives v, or val when v is null, missing or "".
func fallback(val, v any) any {
	if v == nil || v == "" {
		return val
	}
	return v
}

func (r *run) json(v any) (string, error) {
	raw, err := ordered.Append(nil, v, r.limit)
	if err != nil {
		return "", err
	}
	return r.made(string(raw))
}

func (r *run) date(format string, v any, zone ...string) (string, error) {
	loc, err := dates.Zone(strings.Join(zone, " "))
	if err != nil {
		return "", err
	}
	if len(zone) == 0 {
		loc = nil
	}
	var at time.Time
	switch v := v.(type) {
	case string:
		at, err = dates.Instant(v, loc)
	case int64:
		at, err = dates.Millis(fmt.Sprint(v), loc)
	default:
		return "", wrongArg("date wants a date, as text or milliseconds")
	}
	if err != nil {
		return "", err
	}
	s, err := dates.Format(at, format)
	if err != nil {
		return "", err
	}
	return r.made(s)
}

func (r *run) decimal(places int, v any, marks ...string) (string, error) {
	s, err := r.text(v)
	if err != nil {
		return "", err
	}
	n, err := decimal.Parse(s)
	if err != nil {
		return "", err
	}
	if n, err = n.Round(places, decimal.HalfEven); err != nil {
		return "", err
	}
	switch len(marks) {
	case 0:
		return r.made(n.String())
	case 2:
		if s, err = n.Format(marks[0], marks[1]); err != nil {
			return "", err
		}
		return r.made(s)
	}
	return "", wrongArg("decimal takes the mark between thousands and the decimal point, or neither")
}

// verb is what printf knows: short widths and the plain verbs.
var verb = regexp.MustCompile(`%(?:%|[-+ 0#]*\d{0,2}(?:\.\d{0,2})?[a-zA-Z])?`)

func (r *run) printf(format string, args ...any) (string, error) {
	var b strings.Builder
	from := 0
	for _, at := range verb.FindAllStringIndex(format, -1) {
		b.WriteString(format[from:at[0]])
		from = at[1]
		if format[at[0]:at[1]] == "%%" {
			b.WriteByte('%')
			continue
		}
		if len(args) == 0 {
			return "", wrongArg("printf has too few values for %s", fault.Quote(format))
		}
		s, err := r.verb(format[at[0]:at[1]], args[0])
		if err != nil {
			return "", err
		}
		args = args[1:]
		if b.WriteString(s); b.Len() > r.limit {
			return "", tooMuch("a string of the template is larger than allowed")
		}
	}
	if len(args) > 0 {
		return "", wrongArg("printf has too many values for %s", fault.Quote(format))
	}
	return r.made(b.String() + format[from:])
}

// verb writes one value.
func (r *run) verb(verb string, v any) (string, error) {
	s, err := r.text(v)
	if err != nil {
		return "", err
	}
	switch n := v.(type) {
	case int:
		v = int64(n)
	case number:
		v = float64(n)
	}
	whole, isInt := v.(int64)
	real, isReal := v.(float64)
	if isInt {
		real = float64(whole)
	}
	switch kind := verb[len(verb)-1]; {
	case kind == 's' || kind == 'v':
		return fmt.Sprintf(verb[:len(verb)-1]+"s", s), nil
	case kind == 'q' && !isInt && !isReal:
		return fmt.Sprintf(verb, s), nil
	case (kind == 'd' || kind == 'x' || kind == 'X') && isInt:
		return fmt.Sprintf(verb, whole), nil
	case kind == 'f' && (isInt || isReal):
		return fmt.Sprintf(verb, real), nil
	}
	return "", wrongArg("printf cannot write %s by %s", fault.Quote(s), fault.Quote(verb))
}
