package quickjs

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/service"
)

// maxAnalysed is the largest bundle whose uses are looked for, in bytes: a text
// that is generated, and no code of services.
const maxAnalysed = 4 << 20

// uses finds what services reach: which others they invoke, and which outgoing
// connections they use. It reads the package's script, so it knows what the code
// names, not what a call takes. A service has the uses in its own declaration and
// in everything of the package that this leads to.
type uses struct {
	tokens   []token
	settings map[string]any
	units    []unit
	byName   map[string]int // unit by the name that it declares
	targets  map[string]string
}

// unit is one statement of the package's top level.
type unit struct {
	from, to int // tokens
	service  string
	calls    []foundUse
}

// foundUse is a use with its place in the bundle.
type foundUse struct {
	kind, name string
	line, col  int
}

// usesOf returns what each service of a bundle reaches, by its name.
func usesOf(code string, settings json.RawMessage) map[string][]foundUse {
	if len(code) > maxAnalysed {
		return nil
	}
	u := &uses{tokens: tokensOf(code), byName: map[string]int{}, targets: map[string]string{}}
	_ = json.Unmarshal(settings, &u.settings)
	u.cut()
	for i := range u.units {
		u.declares(i)
	}
	for i := range u.units {
		u.units[i].calls = u.calls(u.units[i])
	}
	out := map[string][]foundUse{}
	for i, one := range u.units {
		if one.service != "" {
			out[one.service] = u.reached(i)
		}
	}
	return out
}

// is reports whether the token at i is a sign or a name of this text.
func (u *uses) is(i int, text string) bool {
	return i >= 0 && i < len(u.tokens) && u.tokens[i].kind != tokenText && u.tokens[i].text == text
}

func (u *uses) name(i int) (string, bool) {
	if i < 0 || i >= len(u.tokens) || u.tokens[i].kind != tokenName {
		return "", false
	}
	return u.tokens[i].text, true
}

func (u *uses) text(i int) (string, bool) {
	if i < 0 || i >= len(u.tokens) || u.tokens[i].kind != tokenText {
		return "", false
	}
	raw := u.tokens[i].text
	if !strings.Contains(raw, `\`) {
		return raw, true
	}
	plain, err := strconv.Unquote(`"` + strings.ReplaceAll(raw, `\'`, "'") + `"`)
	return plain, err == nil
}

// cut finds the statements of the top level: the bundle is one function, and each
// of them begins a line inside its first brace.
func (u *uses) cut() {
	depth, line := 0, 0
	for i, tok := range u.tokens {
		if depth == 1 && tok.line != line && !u.is(i, "}") {
			if n := len(u.units); n > 0 {
				u.units[n-1].to = i
			}
			u.units = append(u.units, unit{from: i, to: len(u.tokens)})
		}
		line = tok.end
		if tok.kind != tokenOther {
			continue
		}
		switch tok.text {
		case "{":
			depth++
		case "}":
			depth--
		}
	}
}

// declares notes which name, and which service, a unit declares.
func (u *uses) declares(i int) {
	at := u.units[i].from
	if u.is(at, "async") {
		at++
	}
	switch word, _ := u.name(at); word {
	case "var", "let", "const", "class":
	case "function":
		if u.is(at+1, "*") {
			at++
		}
	default:
		return
	}
	name, ok := u.name(at + 1)
	if !ok {
		return
	}
	u.byName[name] = i
	// var X = service({ … name: "x" … })
	made, _ := u.name(at + 3)
	if !u.is(at+2, "=") || strings.TrimRight(made, "0123456789") != "service" || !u.is(at+4, "(") || !u.is(at+5, "{") {
		return
	}
	if service, ok := u.key(at+5, "name"); ok {
		u.units[i].service, u.targets[name] = service, service
	}
}

// key returns the text that a key of the object which opens at the token has.
func (u *uses) key(open int, key string) (string, bool) {
	depth := 0
	for i := open; i < len(u.tokens); i++ {
		switch {
		case u.is(i, "{") || u.is(i, "(") || u.is(i, "["):
			depth++
		case u.is(i, "}") || u.is(i, ")") || u.is(i, "]"):
			if depth--; depth == 0 {
				return "", false
			}
		case depth == 1 && u.is(i, key) && u.is(i+1, ":") && (u.is(i-1, "{") || u.is(i-1, ",")):
			return u.value(i+2, ",", "}")
		}
	}
	return "", false
}

// value returns the text at a token when the value ends right behind it: quoted,
// a service of the package, or a setting.
func (u *uses) value(i int, ends ...string) (string, bool) {
	ended := func(i int) bool {
		return slices.ContainsFunc(ends, func(end string) bool { return u.is(i, end) })
	}
	if text, ok := u.text(i); ok {
		return text, ended(i + 1)
	}
	name, ok := u.name(i)
	if !ok {
		return "", false
	}
	if ended(i + 1) {
		target, ok := u.targets[name]
		return target, ok
	}
	if u.is(i+1, ".") && u.is(i+2, "settings") && u.is(i+3, ".") && ended(i+5) {
		key, _ := u.name(i + 4)
		text, ok := u.settings[key].(string)
		return text, ok
	}
	return "", false
}

// calls finds the uses in a unit.
func (u *uses) calls(one unit) []foundUse {
	var out []foundUse
	add := func(kind string, value, place int, ends ...string) {
		name, _ := u.value(value, ends...)
		out = append(out, foundUse{kind, name, u.tokens[place].line, u.tokens[place].col})
	}
	for i := one.from; i < one.to; i++ {
		if !u.is(i, ".") || !u.is(i+2, "(") {
			continue
		}
		switch word, _ := u.name(i + 1); {
		case word == "invoke":
			add(service.UseService, i+3, i+1, ",", ")")
		case (word == "http" || word == "sql") && u.is(i-1, "conn"):
			add(word, i+3, i+1, ")")
		case word == "parallel":
			found := false
			for j, depth := i+2, 0; j < one.to; j++ {
				if u.is(j, "(") {
					depth++
				} else if u.is(j, ")") {
					if depth--; depth == 0 {
						break
					}
				}
				if u.is(j, "service") && u.is(j+1, ":") && (u.is(j-1, "{") || u.is(j-1, ",")) {
					add(service.UseService, j+2, j, ",", "}")
					found = true
				}
			}
			if !found {
				out = append(out, foundUse{service.UseService, "", u.tokens[i+1].line, u.tokens[i+1].col})
			}
		}
	}
	return out
}

// reached collects the uses of a unit and of those that it leads to.
func (u *uses) reached(start int) []foundUse {
	var out []foundUse
	seen := map[int]bool{start: true}
	for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
		one := u.units[queue[0]]
		out = append(out, one.calls...)
		for i := one.from; i < one.to; i++ {
			name, ok := u.name(i)
			if !ok || u.is(i-1, ".") && !u.is(i-2, ".") {
				continue
			}
			next, ok := u.byName[name]
			if ok && !seen[next] && u.units[next].service == "" { // another service is invoked, and is its own
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	slices.SortFunc(out, func(a, b foundUse) int { return cmp.Or(a.line-b.line, a.col-b.col) })
	return slices.Compact(out)
}

// Uses implements [service.Caller].
func (m *module) Uses(name string) []service.Use {
	found := m.uses[name]
	out := make([]service.Use, 0, len(found))
	for _, f := range found {
		use := service.Use{Kind: f.kind, Name: f.name}
		if at, ok := m.mapper.at(f.line, f.col); ok {
			use.File, use.Line, use.Column = at.File, at.Line, at.Column
		}
		out = append(out, use)
	}
	return out
}
