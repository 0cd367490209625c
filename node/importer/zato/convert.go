package zato

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

// Config says how to convert.
type Config struct {
	// Current are the definitions of the cluster; nil means that they are not known:
	// then what a channel refers to is believed to be there.
	Current []odb.Definition
	// Services gives services another name: Zato's to ours.
	Services map[string]string
	// Placeholder is a service that takes the place of those that are not in the
	// cluster; empty leaves their channels out.
	Placeholder string
	// Allow are networks that every outgoing connection may reach besides public ones.
	Allow []string
	// References replaces secrets in clear by references to variables, so that the
	// documents may be kept in a file.
	References bool
	LookupEnv  func(string) (string, bool) // nil finds no variable
}

// Convert makes definitions of an input. It changes the input, which must not be
// used again. What cannot be converted is in the report; an error means that the
// configuration is wrong.
func Convert(in *Input, cfg Config) (Result, error) {
	if cfg.LookupEnv == nil {
		cfg.LookupEnv = func(string) (string, bool) { return "", false }
	}
	for i, a := range cfg.Allow {
		if _, err := odb.ParsePrefix(a); err != nil {
			return Result{}, odb.Errorf(odb.Invalid, "convert", "", "allowed network %d: %w", i+1, err)
		}
	}
	c := &converter{cfg: cfg, current: map[string]json.RawMessage{}, byName: map[string]*job{}, claims: map[string]*job{}, used: map[string]bool{}, made: map[string]bool{}}
	for _, d := range cfg.Current {
		c.current[d.Key()] = d.Spec
	}
	if p := cfg.Placeholder; p != "" && !c.exists("service", p) {
		return Result{}, odb.Errorf(odb.NotFound, "convert", "service/"+p, "there is no such service to be the placeholder")
	}
	c.notes = in.notes
	c.prepare(in)
	c.nameAll()
	c.claimed()
	for _, f := range []family{familySecurity, familyGroup, familyREST, familySQL, familyChannel} {
		for _, j := range c.jobs {
			if j.o.typ.family == f && !j.left() {
				c.convert(j)
			}
		}
	}
	return c.result(), nil
}

// converter is one conversion.
type converter struct {
	cfg     Config
	current map[string]json.RawMessage // specs of the cluster, by kind/name
	jobs    []*job
	byName  map[string]*job // credentials and groups, by "security/" or "group/" and Zato's name
	claims  map[string]*job // what channels answer
	used    map[string]bool // keys of Config.Services
	vars    []need
	made    map[string]bool // names of variables that we made up
	notes   []string
}

// need is a variable with the object that needs it.
type need struct {
	Variable
	of *job
}

// job is one object on its way to a definition.
type job struct {
	o       *object
	as      string
	spec    map[string]any
	notes   []Note
	reason  string
	remedy  string
	members []*job // of a group
}

func (j *job) left() bool { return j.reason != "" }

// leave gives up on an object. The first reason counts.
func (j *job) leave(remedy, reason string, args ...any) {
	if j.reason == "" {
		j.reason, j.remedy = fmt.Sprintf(reason, args...), remedy
	}
}

func (j *job) note(attr, text string, args ...any) {
	j.notes = append(j.notes, Note{Attribute: attr, Text: fmt.Sprintf(text, args...)})
}

func (j *job) set(field string, value any) { j.spec[field] = value }

// text returns an attribute that is a text or a number, without blanks around it.
func (j *job) text(names ...string) string {
	for _, name := range names {
		if s := strings.TrimSpace(scalarText(j.o.attrs[name])); s != "" {
			return s
		}
	}
	return ""
}

// exists reports whether the cluster has a definition; of a cluster that is not
// known it has any.
func (c *converter) exists(kind, name string) bool {
	_, ok := c.current[kind+"/"+name]
	return ok || c.cfg.Current == nil
}

// prepare makes the jobs: variables filled in, and left what can be seen at once.
func (c *converter) prepare(in *Input) {
	for _, o := range in.objects {
		j := &job{o: o, spec: map[string]any{}}
		c.jobs = append(c.jobs, j)
		if o.typ.family == familyLeft {
			j.leave(o.typ.do, "%s", cmp.Or(o.typ.why, "there is no kind for it here"))
			continue
		}
		c.overrides(o)
		if attr, missing := c.resolve(o); missing != "" {
			j.leave("set it and import again", "%s needs the environment variable %s, which is not set", attr, missing)
			continue
		}
		o.name = strings.TrimSpace(scalarText(o.attrs["name"]))
		if o.name == "" {
			j.leave("give it one", "it has no name")
			continue
		}
		c.register(j)
	}
}

// register lets others find a credential or a group by name, and refuses the
// second object of a name.
func (c *converter) register(j *job) {
	key := fmt.Sprintf("%d/%s", j.o.typ.family, j.o.name)
	if other := c.byName[key]; other != nil {
		j.leave("rename one of them", "the same name stands in %s already", place(other.o.file, other.o.line))
		return
	}
	c.byName[key] = j
}

// claimed notes what channels of the cluster answer that the files say nothing of.
func (c *converter) claimed() {
	ours := map[string]bool{}
	for _, j := range c.jobs {
		ours[j.o.typ.kind+"/"+j.as] = true
	}
	for _, d := range c.cfg.Current {
		if ours[d.Key()] {
			continue
		}
		spec, err := odb.Decode(d.Kind, d.Spec)
		if claimer, ok := spec.(odb.Claimer); ok && err == nil && d.Kind == "channel" {
			for _, claim := range claimer.Claims() {
				c.claims[claim] = &job{as: d.Name}
			}
		}
	}
}

// find returns the object of a family by its name in Zato; nil when there is none.
func (c *converter) find(f family, name string) *job { return c.byName[fmt.Sprintf("%d/%s", f, name)] }

// convert makes the spec of one object.
func (c *converter) convert(j *job) {
	j.attributes()
	if j.left() {
		return
	}
	if active, ok := truth(j.o.attrs["is_active"]); ok && !active {
		j.set("enabled", false)
	} else if v := j.o.attrs["is_active"]; !ok && isSet(v) {
		j.note("is_active", "it is neither true nor false; the definition is disabled")
		j.set("enabled", false)
	}
	if d := j.text("description"); d != "" {
		j.set("description", d)
	}
	switch j.o.typ.family {
	case familySecurity:
		c.security(j)
	case familyGroup:
		c.group(j)
	case familyREST:
		c.rest(j)
	case familySQL:
		c.sql(j)
	case familyChannel:
		c.channel(j)
	case familyLeft:
	}
	if j.o.typ.kind == "" || j.left() {
		return
	}
	if j.as != j.o.name {
		j.note("name", "it is called %s here", j.as)
	}
	c.check(j)
}

// attributes goes through the attributes by the table of the type: what is lost
// is noted, or keeps the object from being made.
func (j *job) attributes() {
	known := table(slices.Concat(common(), j.o.typ.attrs()))
	for _, name := range sortedKeys(j.o.attrs) {
		a, ok := known[name]
		value := j.o.attrs[name]
		switch {
		case !ok && isSet(value):
			j.note(shownName(name), "this attribute is not known here; it is not carried over")
		case !ok || a.lost == nil || !a.lost(value):
		case a.stop:
			j.leave(remedies[name], "%s: %s", name, a.why)
		default:
			j.note(name, "%s", a.why)
		}
	}
}

// remedies say what to do about attributes that keep an object from being made.
var remedies = map[string]string{
	"should_delete":        "signalbox delete KIND NAME, if it is here",
	"has_rbac":             "name the credentials that may call it in security, remove has_rbac and import again",
	"sec_use_rbac":         "name the credentials that may call it in security, remove sec_use_rbac and import again",
	"security_id":          "name the credentials that may call it in security, remove security_id and import again",
	"service_whitelist":    "make a channel for each service",
	"gateway_service_list": "make a channel for each service",
}

// check holds a spec to the rules of its kind: what is not good there is left,
// with the faults for its reason.
func (c *converter) check(j *job) {
	raw, err := json.Marshal(j.spec)
	if err != nil {
		j.leave("", "it cannot be written as JSON: %v", err)
		return
	}
	spec, err := odb.Decode(j.o.typ.kind, raw)
	if err != nil {
		j.leave("correct it in the file and import again", "it is not valid here: %s", reasons(err))
		return
	}
	claimer, ok := spec.(odb.Claimer)
	if !ok {
		return
	}
	for _, claim := range claimer.Claims() {
		if other := c.claims[claim]; other != nil {
			j.leave("give one of them another path or method", "channel %s already %s, and only one can; Zato chose by Accept or by the order of names", other.as, claim)
			return
		}
		c.claims[claim] = j
	}
}

// reasons lists the faults of an error, in which no secret is.
func reasons(err error) string {
	if e, ok := errors.AsType[*odb.Error](err); ok && len(e.Faults) > 0 {
		return e.Faults.Error()
	}
	return err.Error()
}

// result gathers report and documents.
func (c *converter) result() Result {
	r := Result{Report: Report{Objects: []Object{}, Variables: []Variable{}, Notes: []string{}}}
	made := map[family]bool{}
	for _, j := range c.jobs {
		o := Object{Type: shown(j.o.label()), Name: shownName(j.o.name), Place: place(j.o.file, j.o.line), Outcome: Taken}
		switch {
		case j.left():
			o.Outcome, o.Reason, o.Remedy = Left, j.reason, j.remedy
			r.Report.Counts.Left++
		default:
			if o.Kind = j.o.typ.kind; o.Kind != "" {
				o.As = j.as
				made[j.o.typ.family] = true
				r.Documents = append(r.Documents, c.document(j))
			}
			if o.Notes = j.notes; len(o.Notes) > 0 {
				o.Outcome = Changed
				r.Report.Counts.Changed++
				break
			}
			r.Report.Counts.Taken++
		}
		r.Report.Objects = append(r.Report.Objects, o)
	}
	order := odb.KindNames()
	slices.SortStableFunc(r.Documents, func(a, b odb.Document) int {
		return slices.Index(order, a.Kind) - slices.Index(order, b.Kind)
	})
	r.Report.Counts.Objects = len(c.jobs)
	for _, v := range c.vars {
		if !v.of.left() {
			r.Report.Variables = append(r.Report.Variables, v.Variable)
		}
	}
	r.Report.Notes = append(r.Report.Notes, c.notes...)
	r.Report.Notes = append(r.Report.Notes, c.general(made)...)
	return r
}

// document writes a spec as apply takes it.
func (c *converter) document(j *job) odb.Document {
	raw, err := json.Marshal(j.spec)
	if err != nil {
		raw = json.RawMessage("{}") // check has done the same without an error
	}
	return odb.Document{Kind: j.o.typ.kind, Name: j.as, Spec: raw, From: place(j.o.file, j.o.line)}
}

// general tells once what is different for all objects of a type.
func (c *converter) general(made map[family]bool) []string {
	var out []string
	if made[familyChannel] {
		out = append(out,
			"Channels: a parameter of the path wins over a field of the body, and that over a query parameter of the same name; in Zato query and path win over the body.",
			"Channels: the most specific path answers, not the first by the channel's name; {name} takes one segment.",
			"Channels: a body with another Content-Type than the channel's is refused with 415; body=auto or body=text takes more.")
	}
	if made[familyChannel] && c.cfg.Current == nil {
		out = append(out, "Channels: no cluster was asked whether it has the services and credentials that the files name but do not have.")
	}
	if made[familyREST] {
		out = append(out,
			"Outgoing REST: a connection without a timeout waits 30 s; in Zato 10 s or 60 s, by version.",
			"Outgoing REST: the far side's certificate is verified unless the file says tls_verify: false.",
			"Outgoing REST: a failed call is tried again twice where that is safe, and a far side that keeps failing is not asked for a while; retries=0 breaker.failures=0 switch it off.")
	}
	if (made[familyREST] || made[familySQL]) && len(c.cfg.Allow) == 0 {
		out = append(out, "Outgoing: private and loopback addresses are refused unless the connection allows them; import again with --allow NETWORK for hosts in your own networks.")
	}
	for _, name := range sortedKeys(c.cfg.Services) {
		if !c.used[name] {
			out = append(out, fmt.Sprintf("No channel of the files calls the service %q, which was given another name.", shownName(name)))
		}
	}
	return out
}

// shownName makes a name fit for a line of the report.
func shownName(name string) string {
	if r := []rune(strings.NewReplacer(markOpen, "{", markClose, "}").Replace(name)); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return strings.NewReplacer(markOpen, "{", markClose, "}").Replace(name)
}
