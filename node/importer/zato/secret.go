package zato

import (
	"encoding/json"
	"regexp"
	"strings"
)

// secret moves a secret into a field. attrs are the attributes that may have it; a
// secret that the file does not have, or has in a form that only Zato can read,
// stays what the cluster has, or becomes a reference to a variable that is to be set.
func (c *converter) secret(j *job, field string, attrs ...string) {
	attr := attrs[0]
	for _, a := range attrs {
		if isSet(j.o.attrs[a]) {
			attr = a
			break
		}
	}
	value := j.o.attrs[attr]
	if name, ok := c.variableOf(value); ok {
		c.refer(j, field, name, "the file takes it from this variable")
		return
	}
	text := scalarText(value)
	switch why := missing(text); {
	case why != "":
		c.keep(j, attr, field, why)
	case c.cfg.References:
		c.refer(j, field, c.freshVariable(j, field), "the file has it in clear, which is not written to files")
		j.note(attr, "it is not written in clear: it is taken from a variable")
	default:
		j.set(field, text)
		if strings.HasPrefix(text, "$") {
			j.note(attr, "it begins with $, but there is no such variable in the environment: it is taken as it is")
		}
	}
}

var (
	placeholderForm = regexp.MustCompile(`^(@@.*@@|\{\{.*\}\}|<[^<>]*>|%%.*%%)$`)
	maskForm        = regexp.MustCompile(`^[*•x.]{3,}$`)
)

// missing says why a text is no secret; empty when it is one.
func missing(text string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "the file does not have it"
	case maskForm.MatchString(text), placeholderForm.MatchString(text):
		return "the file has only a placeholder"
	case strings.HasPrefix(text, "Zato_Enmasse_Env."), strings.HasPrefix(text, "ZatoEnmasseEnv."):
		return "the file names no good variable"
	case strings.ContainsAny(text, markOpen+markClose):
		return "the file joins a variable with text, which a reference cannot do"
	case strings.HasPrefix(text, "zato+secret://"), strings.HasPrefix(text, "zato.secret."), strings.HasPrefix(text, "gAAAAA"):
		return "the file has it encrypted for a server of Zato"
	}
	return ""
}

// keep leaves a secret as the cluster has it, or refers to a variable.
func (c *converter) keep(j *job, attr, field, why string) {
	var stored map[string]json.RawMessage
	var ref struct {
		Ref string `json:"ref"`
	}
	raw := c.current[j.o.typ.kind+"/"+j.as]
	if json.Unmarshal(raw, &stored) == nil && json.Unmarshal(stored[field], &ref) == nil && ref.Ref != "" && !strings.HasPrefix(ref.Ref, "env:") {
		j.set(field, map[string]any{"ref": ref.Ref})
		j.note(attr, "%s; the one that is set here stays", why)
		return
	}
	name := c.freshVariable(j, field)
	if stored, ok := strings.CutPrefix(ref.Ref, "env:"); ok {
		name = stored
	}
	c.refer(j, field, name, why)
	j.note(attr, "%s; set it with: signalbox set %s %s %s=-", why, j.o.typ.kind, quote(j.as), field)
}

// refer makes a field a reference to a variable.
func (c *converter) refer(j *job, field, variable, why string) {
	j.set(field, map[string]any{"ref": "env:" + variable})
	c.vars = append(c.vars, need{Variable{Name: variable, Kind: j.o.typ.kind, As: j.as, Field: field, Why: why}, j})
}

// freshVariable names a variable after a definition.
func (c *converter) freshVariable(j *job, field string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper("zato_" + j.o.typ.kind + "_" + j.as + "_" + field) {
		if r < 'A' && (r < '0' || r > '9') || r > 'Z' {
			r = '_'
		}
		b.WriteRune(r)
	}
	name := b.String()
	if c.made[name] {
		name += "_" + strings.ToUpper(digest(j.as))
	}
	c.made[name] = true
	return name
}

// quote writes a word for a shell.
func quote(word string) string {
	if !strings.ContainsAny(word, " ()") {
		return word
	}
	return "'" + word + "'"
}
