package odb

import "slices"

// Schema returns the JSON Schema (2020-12) of a kind's spec. Beyond the
// standard it has `x-ref` (the kind that a text names), `x-when` (the field and
// values under which a field applies), `x-secret`, `x-type` (duration, size) and
// `x-order` (the order of declaration), from which forms are made. It describes
// what [Encode] writes; [Decode] forgives a little more, and Validate knows more
// than a schema can say.
func Schema(k Kind) map[string]any {
	s := objectSchema(Fields(k.New()))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"], s["description"] = k.Title, k.Help
	return s
}

func objectSchema(fields []Field) map[string]any {
	props := map[string]any{}
	var required []string
	for _, f := range fields {
		props[f.Name] = fieldSchema(f)
		if f.Required && f.WhenField == "" {
			required = append(required, f.Name)
		}
	}
	s := map[string]any{"type": "object", "properties": props, "additionalProperties": false, "x-order": fieldNames(fields)}
	if required != nil {
		s["required"] = required
	}
	if c := choices(fields); c != nil {
		s["allOf"] = c
	}
	return s
}

// choices says for every value of a field on which others depend which of those
// are needed and which must not be there.
func choices(fields []Field) []any {
	var out []any
	for _, chooser := range fields {
		for _, value := range chooser.Enum {
			var needed []string
			absent := map[string]any{}
			for _, f := range fields {
				switch {
				case f.WhenField != chooser.Name:
				case !slices.Contains(f.WhenIn, value):
					absent[f.Name] = false
				case f.Required:
					needed = append(needed, f.Name)
				}
			}
			then := map[string]any{"properties": absent}
			if needed != nil {
				then["required"] = needed
			}
			chosen := map[string]any{"properties": map[string]any{chooser.Name: map[string]any{"const": value}}}
			if value != chooser.Default {
				chosen["required"] = []string{chooser.Name}
			}
			if len(absent) > 0 || needed != nil {
				out = append(out, map[string]any{"if": chosen, "then": then})
			}
		}
	}
	return out
}

func fieldSchema(f Field) map[string]any {
	s := typeSchema(f)
	set := func(key string, value any, when bool) {
		if when {
			s[key] = value
		}
	}
	set("title", f.Title, f.Title != "")
	set("description", f.Help, f.Help != "")
	set("default", f.defaultValue(), f.Default != "")
	set("examples", f.examples(), f.Example != "")
	set("minLength", 1, f.Required && f.Type == TypeString)
	set("minimum", f.Min, f.Min != nil)
	set("maximum", f.Max, f.Max != nil)
	set("x-multiline", true, f.Multiline)
	set("x-required", true, f.Required && f.WhenField != "")
	if f.Type != TypeList {
		set("enum", f.Enum, f.Enum != nil)
		set("x-ref", f.Ref, f.Ref != "")
	}
	if f.WhenField != "" {
		s["x-when"] = map[string]any{"field": f.WhenField, "in": f.WhenIn}
	}
	return s
}

func (f Field) examples() []any {
	if f.Type == TypeList {
		return []any{[]any{f.Example}}
	}
	return []any{f.Example}
}

// What texts of these types look like.
const (
	durationPattern = `^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`
	sizePattern     = `^ *[+]?[0-9]+ *(GiB|MiB|KiB|GB|MB|kB|B)? *$`
	refPattern      = `^((sealed|env|file):.|cred:` + credentialName + `$)`
)

func typeSchema(f Field) map[string]any {
	switch f.Type {
	case TypeDuration:
		return map[string]any{"type": "string", "x-type": string(f.Type), "pattern": durationPattern}
	case TypeSize:
		return map[string]any{"type": []string{"string", "integer"}, "x-type": string(f.Type), "pattern": sizePattern, "minimum": 0}
	case TypeSecret:
		return map[string]any{
			"writeOnly": true, "x-secret": true,
			"anyOf": []any{
				map[string]any{"type": "string", "minLength": 1},
				map[string]any{
					"type": "object", "required": []string{"ref"}, "additionalProperties": false,
					"properties": map[string]any{"ref": map[string]any{"type": "string", "pattern": refPattern}},
				},
			},
		}
	case TypeList:
		return map[string]any{"type": "array", "items": fieldSchema(*f.Item)}
	case TypeMap:
		return map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	case TypeObject:
		return objectSchema(f.Fields)
	default:
		return map[string]any{"type": string(f.Type)}
	}
}
