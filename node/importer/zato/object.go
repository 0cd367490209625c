package zato

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// classify finds the type of an object from its section and its own attributes.
func (o *object) classify() {
	section := o.section
	switch section {
	case "http_soap": // 2.x: one section for four types
		connection, transport := scalarText(o.attrs["connection"]), scalarText(o.attrs["transport"])
		section = map[string]string{"channel": "channel_", "outgoing": "outconn_"}[connection] + transport
	case "def_sec", "security", "security_name":
		o.sub = scalarText(o.attrs["type"])
	}
	if s := securitySection(section); s != "" { // 3.0 exports have one section a type
		o.sub, section = s, "def_sec"
	}
	o.typ = typeOf(section)
	if o.section == "zato_generic_connection" {
		o.sub = orElse(scalarText(o.attrs["type_"]), scalarText(o.attrs["type"]))
	}
	if o.typ == nil && o.section == "http_soap" {
		o.typ = &objectType{family: familyLeft, why: "connection (channel or outgoing) and transport (plain_http or soap) do not say what it is"}
	}
	if o.typ == nil {
		o.typ = &objectType{family: familyLeft, why: unknownType(section)}
	}
}

// old reports whether the object is written as 2.x and 3.0 do: with every
// attribute there is, and other defaults.
func (o *object) old() bool {
	return slices.Contains([]string{"channel_plain_http", "outconn_plain_http", "http_soap", "def_sec"}, o.section) || securitySection(o.section) != ""
}

// label names the object's type for people.
func (o *object) label() string {
	if o.sub != "" {
		return o.section + " (" + o.sub + ")"
	}
	return o.section
}

// scalarText returns a scalar as a text; empty for anything else.
func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// isSet reports whether an attribute says anything.
func isSet(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(v) != ""
	case bool:
		return v
	case json.Number:
		f, err := v.Float64()
		return err != nil || f != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// truth reads what YAML 1.1 and Python hold to be a boolean.
func truth(v any) (value, ok bool) {
	switch v := v.(type) {
	case nil:
		return false, false
	case bool:
		return v, true
	}
	switch strings.ToLower(strings.TrimSpace(scalarText(v))) {
	case "true", "yes", "on", "y", "1":
		return true, true
	case "false", "no", "off", "n", "0":
		return false, true
	}
	return false, false
}

// isTrue is a use of an attribute that is lost when it is switched on.
func isTrue(v any) bool { b, _ := truth(v); return b }

// whole reads a whole number.
func whole(v any) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(scalarText(v)), 10, 64)
	return n, err == nil
}

// seconds reads a number of seconds and writes it as a duration.
func seconds(v any) (string, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(scalarText(v)), 64)
	if err != nil || math.IsNaN(f) || f <= 0 || f > 1e8 {
		return "", false
	}
	if f == math.Trunc(f) {
		return fmt.Sprintf("%ds", int64(f)), true
	}
	return fmt.Sprintf("%dms", int64(f*1000)), true
}

// texts reads a list of texts; Zato also writes one text, with commas or lines.
func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		for part := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ',' || r == '\n' }) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	case []any:
		for _, x := range v {
			if s := strings.TrimSpace(scalarText(x)); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
