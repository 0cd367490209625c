package odb

// Schema returns the JSON Schema (2020-12) of a kind's spec. Beyond the
// standard it has `x-ref` (the kind that a text names), `x-when` (the field and
// values under which a field applies), `x-secret`, `x-type` (duration, size) and
// `x-order` (the order of declaration), from which forms are made.
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
	return s
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
	set("examples", []string{f.Example}, f.Example != "")
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

func typeSchema(f Field) map[string]any {
	switch f.Type {
	case TypeDuration, TypeSize:
		return map[string]any{"type": "string", "x-type": string(f.Type)}
	case TypeSecret:
		return map[string]any{
			"writeOnly": true, "x-secret": true,
			"anyOf": []any{
				map[string]any{"type": "string", "minLength": 1},
				map[string]any{"type": "object", "properties": map[string]any{"ref": map[string]any{"type": "string"}}, "required": []string{"ref"}},
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
