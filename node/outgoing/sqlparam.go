package outgoing

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decimal is a number that no integer holds, as its text.
type decimal string

// placeholder writes the place of the n-th value (from 1).
type placeholder func(n int) string

// bindSQL writes st with the database's own placeholders and puts the values in
// their order. Where once is set, a name that occurs twice is one placeholder.
func bindSQL(st statement, params map[string]any, mark placeholder, once bool) (string, []any, error) {
	if err := matchParams(st, params); err != nil {
		return "", nil, err
	}
	var b strings.Builder
	var values []any
	number := map[string]int{}
	for i, p := range st.parts {
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		n, seen := number[p.name]
		if !seen || !once {
			values = append(values, params[p.name])
			n = len(values)
			number[p.name] = n
		}
		if i > 0 && endsInName(st.parts[i-1]) {
			b.WriteByte(' ') // else "a:b" would become the name a$1
		}
		b.WriteString(mark(n))
		if i+1 < len(st.parts) && strings.HasPrefix(st.parts[i+1].text, "$") {
			b.WriteByte(' ')
		}
	}
	return b.String(), values, nil
}

func endsInName(p part) bool {
	return p.name != "" || p.text != "" && isNamePart(p.text[len(p.text)-1])
}

// matchParams reports parameters that are missing or left over.
func matchParams(st statement, params map[string]any) error {
	used := map[string]bool{}
	for _, p := range st.parts {
		if p.name != "" {
			used[p.name] = true
		}
	}
	var missing, unused []string
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if _, ok := params[name]; !ok {
			missing = append(missing, ":"+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !used[name] {
			unused = append(unused, strconv.Quote(name))
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Errorf("params has no value for %s", strings.Join(missing, ", "))
	case len(unused) > 0:
		return fmt.Errorf("the statement does not use the parameter %s of params", strings.Join(unused, ", "))
	}
	return nil
}

// paramsFromJSON reads the params object of an operation.
func paramsFromJSON(raw map[string]json.RawMessage) (map[string]any, error) {
	params := make(map[string]any, len(raw))
	for name, text := range raw {
		v, err := paramFromJSON(text)
		if err != nil {
			return nil, fmt.Errorf("the parameter :%s %w", name, err)
		}
		params[name] = v
	}
	return params, nil
}

func paramFromJSON(text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return nil, nil
	}
	switch text[0] {
	case '[':
		return nil, errors.New("is a list; write one parameter an element, or hand in JSON.stringify of it")
	case '{':
		var bytes struct {
			Base64 *string `json:"base64"`
		}
		if err := json.Unmarshal(text, &bytes); err != nil || bytes.Base64 == nil {
			return nil, errors.New(`is an object; only {"base64": "…"} is taken, for bytes`)
		}
		b, err := base64.StdEncoding.DecodeString(*bytes.Base64)
		if err != nil {
			return nil, errors.New("is not base64")
		}
		return b, nil
	case 'n':
		return nil, nil
	case 't', 'f':
		return text[0] == 't', nil
	case '"':
		var s string
		err := json.Unmarshal(text, &s)
		return s, err
	}
	return numberParam(string(text)), nil
}

// numberParam reads a JSON number: exact integers as such, others as decimals.
func numberParam(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return decimal(text)
}

// plainParam turns what Go code may hand in into one of nil, bool, int64,
// decimal, string, []byte and time.Time.
func plainParam(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, decimal, string, []byte, time.Time:
		return v, nil
	case json.Number:
		if !json.Valid([]byte(v)) {
			return nil, fmt.Errorf("is %q, which is no number", string(v))
		}
		return numberParam(string(v)), nil
	case int:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint32:
		return int64(v), nil
	case uint64:
		return numberParam(strconv.FormatUint(v, 10)), nil
	case float32:
		return plainFloat(float64(v), 32)
	case float64:
		return plainFloat(v, 64)
	}
	return nil, fmt.Errorf("has the type %T; nil, bool, numbers, text, []byte and time.Time are taken", v)
}

func plainFloat(f float64, bits int) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("is not a finite number")
	}
	return numberParam(strconv.FormatFloat(f, 'g', -1, bits)), nil
}
