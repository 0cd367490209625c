package render

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

func data(t testing.TB) any {
	t.Helper()
	v, err := ordered.Decode([]byte(order))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const order = `{"id":"A-1","name":"Łódź & <Co>","total":1234.5,"qty":3,"big":12345678901,"small":0.00001,
	"lines":[{"sku":"x","price":"2.50"},{"sku":"y","price":"10"}],"none":null,"paid":true,"tags":["a","b"],
	"at":"2026-03-29T00:30:00Z","ms":1774744200000,"tree":{"n":1,"kids":[{"n":2,"kids":[]}]}}`

func TestText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ tmpl, want, code string }{
		"plain":             {"hello", "hello", ""},
		"empty":             {"", "", ""},
		"field":             {"{{.id}} {{.lines}}", `A-1 [{"price":"2.50","sku":"x"},{"price":"10","sku":"y"}]`, ""},
		"numbers":           {"{{.total}} {{.qty}} {{.big}} {{.small}}", "1234.5 3 12345678901 0.00001", ""},
		"not escaped":       {"{{.name}}", "Łódź & <Co>", ""},
		"null and missing":  {"[{{.none}}][{{.nothing}}][{{.nothing.deeper}}]", "[][][]", ""},
		"null":              {"[{{.none}}][{{.nothing}}]", "[][]", ""},
		"bool":              {"{{if .paid}}yes{{else}}no{{end}} {{.paid}}", "yes true", ""},
		"compare":           {"{{if gt .qty 2}}many{{end}}{{if eq .id `A-1`}}!{{end}}{{if lt .total 2000.0}}?{{end}}", "many!?", ""},
		"range":             {"{{range $i, $l := .lines}}{{if $i}}, {{end}}{{$l.sku}}{{end}}", "x, y", ""},
		"range else":        {"{{range .none}}x{{else}}none{{end}}", "none", ""},
		"break":             {"{{range .lines}}{{.sku}}{{break}}{{end}}", "x", ""},
		"with":              {"{{with .tree}}{{.n}}{{end}}", "1", ""},
		"variable":          {"{{$x := .id}}{{$x = print $x `!`}}{{$x}}", "A-1!", ""},
		"define":            {`{{define "l"}}<{{.}}>{{end}}{{range .tags}}{{template "l" .}}{{end}}`, "<a><b>", ""},
		"block":             {`{{block "b" .tags}}{{len .}}{{end}}`, "2", ""},
		"recursion":         {`{{define "n"}}{{.n}}{{range .kids}}({{template "n" .}}){{end}}{{end}}{{template "n" .tree}}`, "1(2)", ""},
		"case":              {"{{.id | lower}} {{upper .name}} {{trim `  x `}}", "a-1 ŁÓDŹ & <CO> x", ""},
		"default":           {"{{default `-` .none}}{{.nothing | default `+`}}{{default `-` .id}}", "-+A-1", ""},
		"join and split":    {"{{join `, ` .tags}} {{range split `-` .id}}[{{.}}]{{end}} {{split `-` .id}}", `a, b [A][1] ["A","1"]`, ""},
		"replace, contains": {"{{replace `-` `/` .id}} {{contains `-` .id}}", "A/1 true", ""},
		"indent":            {"{{indent 2 `a\\nb`}}{{\"a\\nb\" | indent 1}}", "  a\\nb a\n b", ""},
		"json":              {"{{json .tags}} {{json .name}} {{json .none}}", `["a","b"] "Łódź & <Co>" null`, ""},
		"date":              {"{{date `dd.MM.yyyy HH:mm` .at `Europe/Warsaw`}} {{date `rfc3339` .at}} {{date `HH` .ms}}", "29.03.2026 01:30 2026-03-29T00:30:00Z 00", ""},
		"decimal":           {"{{decimal 2 .total `,` `.`}} {{decimal 0 `2.5`}} {{decimal 1 .qty}}", "1,234.50 2 3.0", ""},
		"printf":            {"{{printf `%05.1f|%-3d|%q|%s%%|%x|%v` .total .qty .id .name .qty .tags}}", `1234.5|3  |"A-1"|Łódź & <Co>%|3|["a","b"]`, ""},
		"print":             {"{{print .id .qty}}{{println .paid}}", "A-13true\n", ""},
		"escapers":          {"{{html .name}} {{js `'`}} {{urlquery .name}}", "Łódź &amp; &lt;Co&gt; \\' %C5%81%C3%B3d%C5%BA+%26+%3CCo%3E", ""},
		"index and slice":   {"{{index .tags 1}}{{slice .id 0 1}}{{len .lines}}{{index . `id`}}", "bA2A-1", ""},
		"comment":           {"a{{/* no */}}b", "ab", ""},
		"syntax":            {"{{if}}", "", "template.syntax"},
		"unclosed":          {"{{range .lines}}", "", "template.syntax"},
		"unknown function":  {"{{env `HOME`}}", "", "template.syntax"},
		"guard function":    {"{{guard_leave}}", "", "template.syntax"},
		"no template":       {`{{template "x"}}`, "", "template.value"},
		"method":            {"{{.total.String}}", "1234.5", ""},
		"method of object":  {"{{.tree.Len}}", "", ""},
		"index out":         {"{{index .tags 9}}", "", "template.value"},
		"call":              {"{{call .id}}", "", "template.value"},
		"join of text":      {"{{join `,` .id}}", "", "template.value"},
		"indent too far":    {"{{indent 1000 .id}}", "", "template.value"},
		"date of bool":      {"{{date `date` .paid}}", "", "template.value"},
		"date, bad zone":    {"{{date `date` .at `Nowhere`}}", "", "date.zone"},
		"date, bad pattern": {"{{date `Q` .at}}", "", "date.pattern"},
		"decimal of text":   {"{{decimal 2 .id}}", "", "decimal.invalid"},
		"printf few":        {"{{printf `%s%s` .id}}", "", "template.value"},
		"printf many":       {"{{printf `%s` .id .id}}", "", "template.value"},
		"printf width":      {"{{printf `%1000000d` .qty}}", "", "template.value"},
		"printf star":       {"{{printf `%*d` 99 .qty}}", "", "template.value"},
		"printf type":       {"{{printf `%d` .id}}", "", "template.value"},
		"printf pointer":    {"{{printf `%p` .id}}", "", "template.value"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Text(t.Context(), tc.tmpl, data(t), Options{})
			if fault.Code(err) != tc.code || err == nil && got != tc.want {
				t.Errorf("got %q, %v\nwant %q %s", got, err, tc.want, tc.code)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ tmpl, want, code string }{
		"empty":       {"", "", ""},
		"text":        {"<p>{{.name}}</p>", "<p>Łódź &amp; &lt;Co&gt;</p>", ""},
		"attribute":   {`<a title="{{.name}}" href="/o?id={{.name}}">`, `<a title="Łódź &amp; &lt;Co&gt;" href="/o?id=%c5%81%c3%b3d%c5%ba%20%26%20%3cCo%3e">`, ""},
		"bare":        {`<a title={{range .tags}}{{.}}{{end}}>`, `<a title=ab>`, ""},
		"script":      {`<script>var o = {{.tags}};{{range .tags}}f({{.}});{{end}}</script>`, `<script>var o = ["a","b"];f("a");f("b");</script>`, ""},
		"null":        {"[{{.none}}{{.nothing}}]", "[]", ""},
		"define":      {`{{define "l"}}<i>{{.}}</i>{{end}}{{range .tags}}{{template "l" .}}{{end}}`, "<i>a</i><i>b</i>", ""},
		"url":         {`<a href="{{.url}}">`, `<a href="">`, ""},
		"functions":   {"{{upper .name}} {{.total}} {{decimal 2 .total}} {{json .tags}}", "ŁÓDŹ &amp; &lt;CO&gt; 1234.5 1234.50 [&#34;a&#34;,&#34;b&#34;]", ""},
		"bad context": {`<a href="{{if .id}}"{{end}}>`, "", "template.syntax"},
		"syntax":      {"{{", "", "template.syntax"},
		"recursion":   {`{{define "n"}}{{.n}}{{range .kids}}({{template "n" .}}){{end}}{{end}}{{template "n" .tree}}`, "1(2)", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := HTML(t.Context(), tc.tmpl, data(t), Options{})
			if fault.Code(err) != tc.code || err == nil && got != tc.want {
				t.Errorf("got %q, %v\nwant %q %s", got, err, tc.want, tc.code)
			}
		})
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	for name, render := range map[string]func(context.Context, string, any, Options) (string, error){"text": Text, "html": HTML} {
		if _, err := render(t.Context(), "{{.nothing}}", data(t), Options{Strict: true}); fault.Code(err) != "template.value" {
			t.Errorf("%s: %v, want template.value", name, err)
		}
		if got, err := render(t.Context(), "{{.none}}", data(t), Options{Strict: true}); got != "" || err != nil {
			t.Errorf("%s, null: %q, %v", name, got, err)
		}
	}
}

type secret struct {
	Open string `json:"open"`
	Key  string `json:"-"`
}

func (secret) Reveal() string { return "revealed" }

// A template reaches neither methods nor hidden fields of Go values.
func TestNoMethods(t *testing.T) {
	t.Parallel()
	v := map[string]any{"s": secret{Open: "o", Key: "k"}}
	got, err := Text(t.Context(), "{{.s.open}}{{.s.Key}}{{.s.Reveal}}", v, Options{})
	if err != nil || got != "o" {
		t.Errorf("got %q, %v, want o", got, err)
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty loop":     `{{range 100000000000}}{{end}}`,
		"nested loops":   `{{range 100000}}{{range 100000}}{{range 100000}}{{end}}{{end}}{{end}}`,
		"loop variable":  `{{$x := "x"}}{{range 100}}{{$x = print $x $x}}{{end}}`,
		"escapes":        `{{$x := "\\"}}{{range 100}}{{$x = js $x}}{{end}}`,
		"replace":        `{{$x := "aaaaaaaaaaaaaaaa"}}{{range 100}}{{$x = replace "a" $x $x}}{{end}}`,
		"replace empty":  `{{$x := "aaaaaaaaaaaaaaaa"}}{{range 100}}{{$x = replace "" $x $x}}{{end}}`,
		"printf":         `{{$x := "x"}}{{range 100}}{{$x = printf "%s%s%s" $x $x $x}}{{end}}`,
		"quoted":         `{{$x := "\x00"}}{{range 100}}{{$x = printf "%q" $x}}{{end}}`,
		"json":           `{{$x := "\x00"}}{{range 100}}{{$x = json $x}}{{end}}`,
		"indent":         `{{$x := "\n"}}{{range 100}}{{$x = indent 100 (print $x $x)}}{{end}}`,
		"output":         `{{range 10000}}xxxxxxxxxxxxxxxx{{end}}`,
		"work":           `{{$x := "x"}}{{range 14}}{{$x = print $x $x}}{{end}}{{range 100000}}{{$y := upper $x}}{{end}}`,
		"recursion":      `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`,
		"mutual":         `{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}`,
		"join":           `{{$x := "x"}}{{range 14}}{{$x = print $x $x}}{{end}}{{join $x (split "" $x)}}`,
		"doubling":       doubling(),
		"split in loops": `{{$x := "x"}}{{range 14}}{{$x = print $x $x}}{{end}}{{range 1000}}{{$y := split "" $x}}{{end}}`,
	}
	for name, tmpl := range tests {
		for mode, render := range map[string]func(context.Context, string, any, Options) (string, error){"text": Text, "html": HTML} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				out, err := render(t.Context(), tmpl, nil, Options{steps: 20_000, MaxOutput: 32 << 10})
				if code := fault.Code(err); code != "template.limit" && code != fault.Limit {
					t.Errorf("%d bytes, %v, want a limit", len(out), err)
				}
			})
		}
	}
}

// doubling makes templates that use the next one twice, 40 levels deep.
func doubling() string {
	var b strings.Builder
	name := func(i int) string { return "t" + strings.Repeat("x", i) }
	for i := range 40 {
		b.WriteString(`{{define "` + name(i) + `"}}{{template "` + name(i+1) + `"}}{{template "` + name(i+1) + `"}}{{end}}`)
	}
	return b.String() + `{{define "` + name(40) + `"}}{{end}}{{template "t"}}`
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if _, err := Text(t.Context(), strings.Repeat(" ", MaxTemplate+1), nil, Options{}); fault.Code(err) != "template.limit" {
		t.Errorf("long template: %v", err)
	}
	if _, err := Text(t.Context(), "12345", nil, Options{MaxOutput: 4}); fault.Code(err) != "template.limit" {
		t.Errorf("output limit: %v", err)
	}
	if got, err := Text(t.Context(), "1234", nil, Options{MaxOutput: 4}); got != "1234" || err != nil {
		t.Errorf("just enough: %q, %v", got, err)
	}
	if _, err := Text(t.Context(), strings.Repeat("(", 200)+"{{"+strings.Repeat("(", 200_000), nil, Options{}); fault.Code(err) != "template.syntax" {
		t.Errorf("parentheses: %v", err)
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Text(ctx, "x", nil, Options{}); !errors.Is(err, context.Canceled) || fault.Code(err) != fault.Deadline {
		t.Errorf("ended context: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	tmpl := `{{range 100000}}{{range 100000}}{{end}}{{end}}`
	if _, err := HTML(ctx, tmpl, nil, Options{steps: 1 << 60}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline in a loop: %v", err)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("{{range $i, $l := .lines}}{{$l.sku | upper}}{{end}}", `{"lines":[{"sku":"x"}]}`)
	f.Add(`{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`, `1`)
	f.Add(`<a href="{{.x}}" onclick="f({{.y}})">{{printf "%5.2f" .y}}</a>{{date "yyyy" .x}}`, `{"x":"2026-01-01","y":1.5}`)
	f.Add(`{{with .a}}{{else}}{{end}}{{$x := 1}}{{$x = json .}}{{decimal 2 "1.5" "," "."}}`, `{"a":[null,true]}`)
	f.Add(`<script>{{if .}}var x = {{.}}{{else}}/*{{end}}</script><style>{{.}}`, `"x"`)
	f.Fuzz(func(t *testing.T, tmpl, text string) {
		v, err := ordered.Decode([]byte(order))
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		for _, render := range []func(context.Context, string, any, Options) (string, error){Text, HTML} {
			out, err := render(ctx, tmpl, v, Options{})
			if err != nil && fault.Code(err) == "" {
				t.Fatalf("untyped error %v", err)
			}
			if len(out) > MaxOutput {
				t.Fatalf("%d bytes", len(out))
			}
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}
