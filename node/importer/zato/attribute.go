package zato

import (
	"slices"
	"strings"
)

// attribute says what becomes of one attribute of a type.
type attribute struct {
	name string
	to   string // fields of ours that it becomes; empty: none
	// lost reports whether a value says something that is not carried over; nil
	// means that no value does.
	lost func(any) bool
	why  string // why it has no meaning here, or what is lost
	stop bool   // an object with a lost value must not be made: it would do what it shall not
}

// mapped is an attribute that a function of its type reads.
func mapped(to string, names ...string) []attribute {
	return attributes(attribute{to: to}, names)
}

// harmless is one without meaning here, whatever its value.
func harmless(why string, names ...string) []attribute {
	return attributes(attribute{why: why}, names)
}

// noted is one whose loss is told when it has a value that says something.
func noted(lost func(any) bool, why string, names ...string) []attribute {
	return attributes(attribute{lost: lost, why: why}, names)
}

// barred is one that keeps an object from being made when it says something.
func barred(lost func(any) bool, why string, names ...string) []attribute {
	return attributes(attribute{lost: lost, why: why, stop: true}, names)
}

func attributes(a attribute, names []string) []attribute {
	out := make([]attribute, len(names))
	for i, name := range names {
		out[i] = a
		out[i].name = name
	}
	return out
}

// not returns a use that is lost at a value that says something and is none of
// the words.
func not(words ...string) func(any) bool {
	return func(v any) bool {
		return isSet(v) && !slices.Contains(words, strings.ToLower(scalarText(v)))
	}
}

// common are the attributes that objects of every type may have.
func common() []attribute {
	return slices.Concat(
		mapped("the name", "name"),
		mapped("enabled", "is_active"),
		mapped("description", "description"),
		barred(isTrue, "it is one of Zato's own", "is_internal"),
		barred(isTrue, "the file wants it deleted", "should_delete"),
		harmless("Zato's own number or bookkeeping", "id", "cluster_id", "cluster_name", "cluster", "opaque", "opaque1", "meta", "_meta", "is_source_external"),
	)
}

// table is a type's attributes by name.
func table(list []attribute) map[string]attribute {
	out := make(map[string]attribute, len(list))
	for _, a := range list {
		out[a.name] = a
	}
	return out
}
