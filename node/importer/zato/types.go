package zato

import (
	"fmt"
	"slices"

	"signalbox.internal/odb"
)

// family is what objects of a type become.
type family int

const (
	familyLeft family = iota // nothing: there is no such kind here
	familySecurity
	familyGroup
	familyREST
	familySQL
	familyChannel
)

// objectType is a type of objects in enmasse files.
type objectType struct {
	family family
	names  []string // the sections that it stands under
	kind   string   // the kind that its objects become
	word   string   // tells objects of two types apart that have one name
	attrs  func() []attribute
	why    string // of those that are left
	do     string
}

// types returns every type that is converted.
func types() []objectType {
	return []objectType{
		{family: familySecurity, names: []string{"security", "def_sec", "security_name"}, kind: "security", word: "security", attrs: securityAttributes},
		{family: familyGroup, names: []string{"groups", "security_groups"}, attrs: groupAttributes},
		{family: familyREST, names: []string{"outgoing_rest", "outconn_plain_http"}, kind: "outgoing", word: "rest", attrs: restAttributes},
		{family: familySQL, names: []string{"sql", "outconn_sql", "outgoing_sql"}, kind: "outgoing", word: "sql", attrs: sqlAttributes},
		{family: familyChannel, names: []string{"channel_rest", "channel_plain_http"}, kind: "channel", word: "channel", attrs: channelAttributes},
	}
}

// typeOf finds a type by its section; nil when it is not known.
func typeOf(section string) *objectType {
	for _, t := range types() {
		if slices.Contains(t.names, section) {
			return &t
		}
	}
	for _, t := range leftTypes() {
		if slices.Contains(t.names, section) {
			return &t
		}
	}
	return nil
}

// unknownType says that a section is not known, and which one may be meant.
func unknownType(section string) string {
	var known []string
	for _, t := range slices.Concat(types(), leftTypes()) {
		known = append(known, t.names...)
	}
	if near := odb.Nearest(section, known); near != "" {
		return fmt.Sprintf("there is no type %q in enmasse files that we know; perhaps %q is meant", shown(section), near)
	}
	return fmt.Sprintf("there is no type %q in enmasse files that we know", shown(section))
}
