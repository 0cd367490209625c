package odb

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// scalar puts a value that is not a container into to, or says what is wrong with it.
func scalar(value any, f *Field, to reflect.Value) (fault string) {
	switch f.Type {
	case TypeInteger, TypeNumber:
		return number(value, f, to)
	case TypeBoolean:
		b, ok := value.(bool)
		if !ok {
			return fmt.Sprintf("is %s; true or false is needed", jsonType(value))
		}
		to.SetBool(b)
		return ""
	case TypeDuration:
		return quantity(value, to, ParseDuration)
	case TypeSize:
		if n, ok := value.(json.Number); ok {
			value = n.String()
		}
		return quantity(value, to, ParseSize)
	case TypeSecret:
		return secret(value, to)
	default:
		return plain(value, f, to)
	}
}

func plain(value any, f *Field, to reflect.Value) string {
	s, ok := value.(string)
	switch {
	case !ok:
		return fmt.Sprintf("is %s; a text is needed", jsonType(value))
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, s):
		return fmt.Sprintf("is %q; one of %s is needed%s", s, strings.Join(f.Enum, ", "), maybe(s, f.Enum))
	case f.Required && s == "":
		return f.Name + " is required"
	}
	to.SetString(s)
	return ""
}

// maybe suggests the word nearest to a mistyped one; empty when none is near.
func maybe(word string, known []string) string {
	if near := Nearest(word, known); near != "" && word != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// quantity reads a text with a unit.
func quantity[T Duration | Size](value any, to reflect.Value, parse func(string) (T, error)) string {
	s, ok := value.(string)
	if !ok {
		_, err := parse("")
		return fmt.Sprintf("is %s; %s", jsonType(value), needs(err))
	}
	v, err := parse(s)
	if err != nil {
		return err.Error()
	}
	to.SetInt(int64(v))
	return ""
}

// needs keeps of an error about a quantity what would be right.
func needs(err error) string {
	_, after, _ := strings.Cut(err.Error(), "; ")
	return after
}

func number(value any, f *Field, to reflect.Value) string {
	n, ok := value.(json.Number)
	if !ok {
		return fmt.Sprintf("is %s; a number is needed", jsonType(value))
	}
	if f.Type == TypeNumber {
		v, err := n.Float64()
		if err != nil {
			return fmt.Sprintf("%s is out of range", n)
		}
		to.SetFloat(v)
		return ""
	}
	v, err := n.Int64()
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Sprintf("%s is out of range", n)
	case err != nil:
		return fmt.Sprintf("is %s; a whole number is needed", n)
	case f.Min != nil && v < *f.Min:
		return fmt.Sprintf("is %d; at least %d is needed", v, *f.Min)
	case f.Max != nil && v > *f.Max:
		return fmt.Sprintf("is %d; at most %d is allowed", v, *f.Max)
	}
	to.SetInt(v)
	return ""
}

func secret(value any, to reflect.Value) string {
	var s Secret
	switch v := value.(type) {
	case string:
		if v == "" {
			return "the secret is empty"
		}
		s = ClearSecret(v)
	case map[string]any:
		ref, ok := v["ref"].(string)
		if !ok || len(v) != 1 {
			return errSecretForm.Error()
		}
		if err := checkSecretRef(ref); err != nil {
			return err.Error()
		}
		s = SecretRef(ref)
	default:
		return errSecretForm.Error()
	}
	to.Set(reflect.ValueOf(s))
	return ""
}
