package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

const setLong = `Changes fields of a definition, or makes the definition when there is none of
that name. What is not named stays as it is; with -f the file replaces the whole
spec, and fields named besides change it further.

  field=value        a text, number, true/false, duration (2s) or size (1MiB)
  list=a,b           the items of a list
  list+=a  list-=a   one item more, one item less
  object.field=value a field inside an object; map.NAME=value an entry of a map
  list.0.field=value a field of an element of a list
  field:=JSON        any JSON; field:=null takes the field away: its default holds
  field=@FILE        the content of a file on this box; @- is standard input

A secret is sealed by the node before it is stored:
  password=-         asks for it without showing it (or reads standard input)
  password=@FILE     the content of a file on this box
  password=env:NAME  a variable of each node's environment
  password=file:PATH a file on each node
  password=cred:NAME a systemd credential of each node (LoadCredential= in its unit)

"signalbox kinds KIND" lists the fields. Somebody else's change in the meantime is
a conflict (exit code 4), never overwritten.`

func newSet(a *app) *cobra.Command {
	var file, reason string
	cmd := &cobra.Command{
		Use: "set KIND NAME [field=value]...", Short: "Change a definition, or make one",
		Long: setLong,
		Example: `  signalbox set channel hello path=/hello service=hello.say
  signalbox set channel hello security=partners,internal rate_limit.requests=100
  signalbox set channel hello security-=internal timeout=5s
  signalbox set security partners type=basic username=acme password=-
  signalbox set outgoing erp type=http url=https://erp.example headers.X-Team=shop
  signalbox set channel hello -f hello.yaml --reason "as agreed with ACME"`,
		Args: args(2, -1, "KIND and NAME"), ValidArgsFunction: a.completeSet,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			s := setter{a: a, c: c, in: &input{a: a}, kind: given[0], name: odb.CleanName(given[1]), file: file, reason: reason}
			return s.run(ctx, given[2:])
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file with the spec, or with the whole definition; - is standard input")
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why, for the history")
	return cmd
}

// setter is one run of set.
type setter struct {
	a          *app
	c          *client.Client
	in         *input
	kind, name string
	file       string
	reason     string
}

func (s *setter) key() string { return s.kind + "/" + s.name }

func (s *setter) run(ctx context.Context, given []string) error {
	if len(given) == 0 && s.file == "" {
		return usagef("set %s: nothing to change; write field=value, or -f FILE", s.key()).trying("signalbox kinds %s", s.kind)
	}
	var edits []edit
	for _, g := range given {
		e, err := parseEdit(g)
		if err != nil {
			return err
		}
		edits = append(edits, e)
	}
	kind, err := s.c.Kind(ctx, s.kind)
	if err != nil {
		return lookFor(fmt.Errorf("get kind %s: %w", s.kind, err), "")
	}
	d, err := s.current(ctx)
	if err != nil {
		return err
	}
	if d.Spec, err = s.spec(d, kind.Fields, edits); err != nil {
		return err
	}
	return s.write(ctx, d)
}

// current returns the definition as it is; version 0 when there is none.
func (s *setter) current(ctx context.Context) (odb.Definition, error) {
	d, err := s.c.Definition(ctx, s.kind, s.name)
	if exitCode(err) == exitNotFound {
		return odb.Definition{Kind: s.kind, Name: s.name}, nil
	}
	if err != nil {
		return d, fmt.Errorf("get %s: %w", s.key(), err)
	}
	return d, nil
}

// spec returns what the spec shall be.
func (s *setter) spec(d odb.Definition, fields []odb.Field, edits []edit) (json.RawMessage, error) {
	raw := d.Spec
	if s.file != "" {
		var err error
		if raw, err = s.fileSpec(fields); err != nil {
			return nil, err
		}
	}
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	tree, err := decodeJSON(string(raw))
	spec, ok := tree.(map[string]any)
	if err != nil || !ok {
		return nil, failf(exitFailed, "set %s: the spec is not an object", s.key())
	}
	ed := editor{fields: fields, read: s.in.read, secret: s.in.secret, warn: s.warn}
	var faults []error
	for _, e := range edits {
		faults = append(faults, ed.apply(spec, e))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("set %s: %w", s.key(), err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(spec); err != nil {
		return nil, fmt.Errorf("set %s: %w", s.key(), err)
	}
	return b.Bytes(), nil
}

// fileSpec reads a file that holds a spec, or a definition of this kind and name.
func (s *setter) fileSpec(fields []odb.Field) (json.RawMessage, error) {
	text, err := s.in.read(s.file)
	if err != nil {
		return nil, err
	}
	docs, err := odb.ParseDocuments(s.file, []byte(text))
	if err == nil {
		switch {
		case len(docs) != 1:
			return nil, usagef("read %s: it has %s; set takes one", s.file, plural(len(docs), "definition")).trying("signalbox apply -f %s", s.file)
		case docs[0].Kind != s.kind || odb.CleanName(docs[0].Name) != s.name:
			return nil, usagef("read %s: it is the definition %s/%s, not %s", s.file, docs[0].Kind, docs[0].Name, s.key()).trying("signalbox apply -f %s", s.file)
		}
		return docs[0].Spec, nil
	}
	bare, bareErr := yamlToJSON(text)
	if bareErr != nil || looksLikeDocument(bare, fields) {
		return nil, err
	}
	return bare, nil
}

// looksLikeDocument reports whether an object was meant as a whole definition:
// it has a spec, and the kind has no field of that name.
func looksLikeDocument(raw json.RawMessage, fields []odb.Field) bool {
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) != nil {
		return true
	}
	if _, ok := obj["spec"]; !ok {
		return false
	}
	for _, f := range fields {
		if f.Name == "spec" {
			return false
		}
	}
	return true
}

func (s *setter) warn(text string) {
	s.a.err.line("%s %s", s.a.err.paint(yellow, "warning:"), text)
}

func (s *setter) write(ctx context.Context, d odb.Definition) error {
	w, err := s.c.UpdateDefinition(ctx, d, s.reason)
	if err != nil {
		err = fmt.Errorf("set %s: %w", s.key(), err)
		if exitCode(err) == exitConflict {
			return (&failure{code: exitConflict, err: err}).trying("signalbox get %s %s, then decide again; nothing was changed", s.kind, quoteArg(s.name))
		}
		return err
	}
	s.a.warnProblems(w.Problems)
	return s.a.show(w, func(o *screen) {
		what := "unchanged"
		if w.Changed {
			what = word(d.Version == 0, "created", "updated")
		}
		o.line("%s %s %s (version %d, revision %d)", s.kind, clean(w.Name), what, w.Version, w.Revision)
	})
}

// warnProblems tells which of the changed definitions are not in force.
func (a *app) warnProblems(problems []odb.Problem) {
	for _, p := range problems {
		a.err.line("%s %s/%s is stored but not in force: %s", a.err.paint(yellow, "warning:"), p.Kind, clean(p.Name), clean(p.Reason))
	}
}

// quoteArg writes a name the way a shell takes it.
func quoteArg(s string) string {
	if s != "" && !strings.ContainsAny(s, " ()'\"") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// completeSet completes KIND, NAME, then fields and their values.
func (a *app) completeSet(cmd *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(given) < 2 {
		return a.completeDefinition(cmd, given, typed)
	}
	var kind client.Kind
	a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
		var err error
		kind, err = c.Kind(ctx, given[0])
		return nil, err
	})
	field, _, hasValue := strings.Cut(typed, "=")
	for _, f := range kind.Fields {
		if hasValue && f.Name == field {
			return a.fieldValues(cmd, f), noFiles
		}
	}
	return fieldWords("", kind.Fields), noFiles | cobra.ShellCompDirectiveNoSpace
}

func fieldWords(prefix string, fields []odb.Field) []string {
	var words []string
	for _, f := range fields {
		if f.Type == odb.TypeObject {
			words = append(words, fieldWords(prefix+f.Name+".", f.Fields)...)
			continue
		}
		words = append(words, prefix+f.Name+word(f.Type == odb.TypeMap, ".", "=")+"\t"+f.Title)
	}
	return words
}

func (a *app) fieldValues(cmd *cobra.Command, f odb.Field) []string {
	values := f.Enum
	switch {
	case f.Ref != "":
		values = a.definitionNames(cmd, f.Ref)
	case f.Type == odb.TypeBoolean:
		values = []string{"true", "false"}
	}
	var words []string
	for _, v := range values {
		words = append(words, f.Name+"="+v)
	}
	return words
}
