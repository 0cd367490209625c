package library

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
)

// arguments reads the arguments of one operation by name and collects what is wrong
// with them, so that an operation asks for all and then once for the error.
type arguments struct {
	raw    map[string]json.RawMessage
	known  []string
	faults []argumentFault
	err    error // the first refusal with a code of its own, such as "date.zone"
}

type argumentFault struct {
	Argument string `json:"argument"`
	Problem  string `json:"problem"`
}

// open takes the JSON object of an operation; nothing and null are an empty one.
func open(raw json.RawMessage) (*arguments, error) {
	if len(raw) > MaxArguments {
		return nil, fault.New(fault.Limit, "the arguments are larger than %d bytes", MaxArguments)
	}
	if err := ordered.CheckDepth(raw, ordered.MaxDepth+1); err != nil {
		return nil, err
	}
	a := &arguments{}
	if len(raw) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(raw, &a.raw); err != nil {
		return nil, fault.New(fault.Arguments, "the arguments are not a JSON object")
	}
	return a, nil
}

// done says what is wrong: unknown, missing and mistyped arguments, all at once.
func (a *arguments) done() error {
	for _, name := range sortedKeys(a.raw) {
		if !slices.Contains(a.known, name) {
			a.wrong(name, "is unknown; known are "+strings.Join(a.known, ", "))
		}
	}
	if len(a.faults) == 0 {
		return a.err
	}
	texts := make([]string, len(a.faults))
	for i, f := range a.faults {
		texts[i] = fault.Quote(f.Argument) + " " + f.Problem
	}
	return fault.New(fault.Arguments, "argument %s", strings.Join(texts, "; ")).With(a.faults)
}

func (a *arguments) wrong(name, problem string) {
	const most = 20 // a message is no place for a thousand names
	if len(a.faults) < most {
		a.faults = append(a.faults, argumentFault{name[:min(len(name), 60)], problem})
	}
}

// refuse keeps an error with a code of its own.
func (a *arguments) refuse(err error) {
	if a.err == nil {
		a.err = err
	}
}

// get gives the raw argument; null counts as left out.
func (a *arguments) get(name string) (json.RawMessage, bool) {
	a.known = append(a.known, name)
	raw, ok := a.raw[name]
	return raw, ok && string(raw) != "null"
}

func (a *arguments) need(name string) (json.RawMessage, bool) {
	raw, ok := a.get(name)
	if !ok {
		a.wrong(name, "is missing")
	}
	return raw, ok
}

// decode reads raw into *to, which says what it must be.
func (a *arguments) decode(name string, raw json.RawMessage, to any, what string) bool {
	if err := json.Unmarshal(raw, to); err != nil {
		a.wrong(name, "is not "+what)
		return false
	}
	return true
}

// text reads a string.
func (a *arguments) text(name string) string {
	s := ""
	if raw, ok := a.need(name); ok {
		a.decode(name, raw, &s, "a string")
	}
	return s
}

func (a *arguments) textOr(name, otherwise string) string {
	s := otherwise
	if raw, ok := a.get(name); ok {
		a.decode(name, raw, &s, "a string")
	}
	return s
}

// oneOf reads one of some words; the first is the default.
func (a *arguments) oneOf(name string, words ...string) string {
	s := a.textOr(name, words[0])
	if !slices.Contains(words, s) {
		a.wrong(name, "is none of "+strings.Join(words, ", "))
		return words[0]
	}
	return s
}

// texts reads an array of strings; nil when it is left out.
func (a *arguments) texts(name string) []string {
	raw, ok := a.get(name)
	if !ok {
		return nil
	}
	items, ok := a.any(raw).([]any)
	list := make([]string, len(items))
	for i, item := range items {
		s, isText := item.(string)
		list[i], ok = s, ok && isText
	}
	if !ok {
		a.wrong(name, "is not an array of strings")
	}
	return list
}

// char reads a string of one character; 0 when it is left out.
func (a *arguments) char(name string) rune {
	s := a.textOr(name, "")
	if s == "" {
		return 0
	}
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) {
		a.wrong(name, "is not one character")
	}
	return r
}

func (a *arguments) flag(name string, otherwise bool) bool {
	on := otherwise
	if raw, ok := a.get(name); ok {
		a.decode(name, raw, &on, "true or false")
	}
	return on
}

// whole reads an integer.
func (a *arguments) whole(name string) int64 {
	if raw, ok := a.need(name); ok {
		return a.integer(name, raw)
	}
	return 0
}

func (a *arguments) wholeOr(name string, otherwise int64) int64 {
	if raw, ok := a.get(name); ok {
		return a.integer(name, raw)
	}
	return otherwise
}

func (a *arguments) integer(name string, raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		a.wrong(name, "is not a whole number")
	}
	return n
}

// small reads an integer that is checked for its range by who takes it.
func (a *arguments) small(name string) int {
	const far = 1 << 30
	return int(min(max(a.whole(name), -far), far))
}

// value reads any JSON value that must be there, null too.
func (a *arguments) value(name string) any {
	a.known = append(a.known, name)
	raw, ok := a.raw[name]
	if !ok {
		a.wrong(name, "is missing")
		return nil
	}
	return a.any(raw)
}

func (a *arguments) any(raw json.RawMessage) any {
	v, err := ordered.Decode(raw)
	if err != nil {
		a.refuse(err)
	}
	return v
}

func (a *arguments) list(name string) []any {
	v, ok := a.value(name).([]any)
	if !ok && len(a.faults) == 0 && a.err == nil {
		a.wrong(name, "is not an array")
	}
	return v
}

// data reads bytes, from "text" or "base64"; isText says from which.
func (a *arguments) data() (data []byte, isText bool) {
	return a.either("text", "base64")
}

func (a *arguments) either(text, encoded string) (data []byte, isText bool) {
	raw, isText := a.get(text)
	enc, isBytes := a.get(encoded)
	if isText == isBytes {
		a.wrong(text, "or "+strconv.Quote(encoded)+" must be there, one of them")
		return nil, isText
	}
	s := ""
	if isText {
		a.decode(text, raw, &s, "a string")
		return []byte(s), true
	}
	if !a.decode(encoded, enc, &s, "a string") {
		return nil, false
	}
	data, err := decodeBase64(s)
	if err != nil {
		a.wrong(encoded, "is not base64")
	}
	return data, false
}

// decodeBase64 reads either alphabet, with or without padding and white space.
func decodeBase64(s string) ([]byte, error) {
	clean := strings.NewReplacer("-", "+", "_", "/", " ", "", "\t", "", "\r", "", "\n", "").Replace(s)
	trimmed := strings.TrimRight(clean, "=")
	if pad := len(clean) - len(trimmed); pad > 2 || pad > 0 && len(clean)%4 != 0 {
		return nil, base64.CorruptInputError(len(trimmed))
	}
	return base64.RawStdEncoding.DecodeString(trimmed)
}
