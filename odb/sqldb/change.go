package sqldb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"signalbox.internal/odb"
)

// maxChanges bounds one change set.
const maxChanges = 100_000

// The longest texts of a change set's header, in characters; see the schema.
const (
	maxActor  = 200
	maxSource = 60
	maxAddr   = 200
	maxReason = 1000
)

// wanted is a change whose own content is checked: names clean, spec decoded.
type wanted struct {
	odb.Change
	spec odb.Spec        // nil of a delete, and of a rename that keeps its spec
	doc  json.RawMessage // canonical form of spec
}

// check finds every fault of a change set that shows without the database.
func check(set odb.ChangeSet) ([]wanted, error) {
	if len(set.Changes) == 0 {
		return nil, invalid("the change set is empty")
	}
	if len(set.Changes) > maxChanges {
		return nil, invalid("the change set has %d changes; at most %d are allowed", len(set.Changes), maxChanges)
	}
	f := faultList{many: len(set.Changes) > 1}
	f.header(set)
	out := make([]wanted, len(set.Changes))
	for i, c := range set.Changes {
		out[i] = f.change(c)
	}
	return out, f.faults.Err("", "")
}

func invalid(format string, args ...any) error {
	return &odb.Error{Kind: odb.Invalid, Err: fmt.Errorf(format, args...)}
}

// faultList collects faults; when there are many changes, each fault says which
// one it is about.
type faultList struct {
	many   bool
	faults odb.Faults
}

func (f *faultList) add(key, pointer, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if f.many {
		msg = key + ": " + msg
	}
	f.faults = append(f.faults, odb.Fault{Pointer: pointer, Message: msg})
}

// addError takes over the faults of what odb found wrong with a change.
func (f *faultList) addError(key string, err error) {
	e, ok := err.(*odb.Error) //nolint:errorlint // odb returns it bare
	if !ok || len(e.Faults) == 0 {
		f.add(key, "", "%v", err)
		return
	}
	for _, x := range e.Faults {
		f.add(key, x.Pointer, "%s", x.Message)
	}
}

func (f *faultList) header(set odb.ChangeSet) {
	for _, x := range []struct {
		what, text string
		limit      int
	}{
		{"actor's name", set.Actor.Name, maxActor},
		{"actor's source", set.Actor.Source, maxSource},
		{"actor's address", set.Actor.Addr, maxAddr},
		{"reason", set.Reason, maxReason},
	} {
		if msg := textFault(x.text, x.limit); msg != "" {
			f.faults.Add("", "the %s %s", x.what, msg)
		}
	}
}

// textFault says why a text cannot be stored in every database; empty when it can.
func textFault(text string, limit int) string {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "is not a text in UTF-8 without NUL"
	case utf8.RuneCountInString(text) > limit:
		return fmt.Sprintf("has more than %d characters", limit)
	}
	return ""
}

func (f *faultList) change(c odb.Change) wanted {
	c.Name, c.NewName = odb.CleanName(c.Name), odb.CleanName(c.NewName)
	w := wanted{Change: c}
	key := c.Key()
	if !slices.Contains([]odb.Op{odb.Create, odb.Update, odb.Rename, odb.Delete}, c.Op) {
		f.add(key, "", "there is no operation %q; create, update, rename and delete are", c.Op)
		return w
	}
	if _, ok := odb.KindNamed(c.Kind); !ok {
		f.addError(key, odb.UnknownKind(c.Kind))
		return w
	}
	f.names(c)
	f.fields(c)
	if c.Op == odb.Delete || c.Spec == nil {
		return w
	}
	spec, err := odb.Decode(c.Kind, c.Spec)
	if err != nil {
		f.addError(key, err)
		return w
	}
	w.spec = spec
	if f.clearSecrets(key, spec) {
		return w
	}
	if w.doc, err = odb.Encode(spec); err != nil {
		f.addError(key, err)
	}
	return w
}

// clearSecrets finds secrets that nobody sealed: they must not reach the database.
func (f *faultList) clearSecrets(key string, spec odb.Spec) (found bool) {
	_ = odb.EachSecret(spec, func(pointer string, s *odb.Secret) error { // visit returns no error
		if s.Clear() != "" {
			f.add(key, pointer, "the secret is in clear; it must be sealed before it is stored")
			found = true
		}
		return nil
	})
	return found
}

func (f *faultList) names(c odb.Change) {
	if err := odb.CheckName(c.Name); err != nil {
		f.add(c.Key(), "", "%v", err)
	}
	switch {
	case c.Op != odb.Rename && c.NewName != "":
		f.add(c.Key(), "", "a new name belongs to a rename, not to a %s", c.Op)
	case c.Op == odb.Rename && c.NewName == c.Name:
		f.add(c.Key(), "", "the new name is the old one")
	case c.Op == odb.Rename:
		if err := odb.CheckName(c.NewName); err != nil {
			f.add(c.Key(), "", "new name: %v", err)
		}
	}
}

func (f *faultList) fields(c odb.Change) {
	switch {
	case c.Op == odb.Create && c.Base != 0:
		f.add(c.Key(), "", "a create has no base version; to change what exists, use update")
	case c.Op != odb.Create && c.Base <= 0:
		f.add(c.Key(), "", "the version that the %s is based on is missing", c.Op)
	}
	switch {
	case c.Op == odb.Delete && c.Spec != nil:
		f.add(c.Key(), "", "a delete has no spec")
	case (c.Op == odb.Create || c.Op == odb.Update) && c.Spec == nil:
		f.add(c.Key(), "", "the spec is missing")
	}
	switch {
	case c.Op != odb.Create && c.ID != "":
		f.add(c.Key(), "", "an id belongs to a create, not to a %s", c.Op)
	case c.ID != "" && !odb.IsID(c.ID):
		f.add(c.Key(), "", "the id %q is not one of ours", c.ID)
	}
}
