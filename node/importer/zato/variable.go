package zato

import (
	"regexp"
	"strings"
)

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	constantName = regexp.MustCompile(`^\$[A-Z_][A-Z0-9_]+$`) // what nobody would write but for a variable
)

// variableOf returns the environment variable that a whole value names, in any of
// Zato's ways. $NAME without braces may as well be a password, so it counts only
// when there is such a variable.
func (c *converter) variableOf(v any) (name string, ok bool) {
	s, text := v.(string)
	if !text {
		return "", false
	}
	for _, prefix := range []string{"Zato_Enmasse_Env.", "ZatoEnmasseEnv."} {
		if name, ok = strings.CutPrefix(s, prefix); ok {
			return name, variableName.MatchString(name)
		}
	}
	for _, around := range [][2]string{{"${", "}"}, {markOpen, markClose}} {
		if name, ok = strings.CutPrefix(s, around[0]); ok {
			if name, ok = strings.CutSuffix(name, around[1]); ok && variableName.MatchString(name) {
				return name, true
			}
		}
	}
	if name, ok = strings.CutPrefix(s, "$"); ok && variableName.MatchString(name) {
		_, set := c.cfg.LookupEnv(name)
		return name, set
	}
	return "", false
}

// overrides sets the attributes that variables of the form
// Zato_Enmasse_Env_TYPE_NAME_ATTRIBUTE give to an object, dots of the name as two
// underscores. A secret stays a reference to its variable.
func (c *converter) overrides(o *object) {
	if o.typ.attrs == nil || o.name == "" {
		return
	}
	prefix := "Zato_Enmasse_Env_" + o.section + "_" + strings.ReplaceAll(o.name, ".", "__") + "_"
	for _, a := range o.typ.attrs() {
		if a.name == "name" || a.to == "" {
			continue
		}
		variable := prefix + a.name
		value, set := c.cfg.LookupEnv(variable)
		switch {
		case !set || !variableName.MatchString(variable):
		case isSecret(a.name):
			o.attrs[a.name] = "${" + variable + "}"
		default:
			o.attrs[a.name] = value
		}
	}
}

// isSecret reports whether an attribute holds a secret, in objects of any type.
func isSecret(attr string) bool {
	for _, word := range []string{"password", "secret", "token", "auth_data", "private_key", "api_key", "passphrase"} {
		if strings.Contains(attr, word) && !strings.HasSuffix(attr, "_field") && !strings.HasSuffix(attr, "_url") && !strings.HasSuffix(attr, "_ttl") {
			return true
		}
	}
	return false
}

var inText = regexp.MustCompile(markOpen + `([A-Za-z_][A-Za-z0-9_]*)` + markClose)

// resolve fills variables into the attributes of an object that are no secrets. It
// returns the first attribute whose variable is not set, and the variable.
func (c *converter) resolve(o *object) (attr, missing string) {
	for _, name := range sortedKeys(o.attrs) {
		if isSecret(name) {
			continue
		}
		value, lacks := c.filled(o.attrs[name])
		if lacks != "" {
			return name, lacks
		}
		o.attrs[name] = value
	}
	return "", ""
}

// filled returns a value with its variables filled in, or a variable that is not set.
func (c *converter) filled(v any) (filled any, missing string) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			if out[i], missing = c.filled(x); missing != "" {
				return nil, missing
			}
		}
		return out, ""
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, x := range v {
			if out[key], missing = c.filled(x); missing != "" {
				return nil, missing
			}
		}
		return out, ""
	case string:
		name, ok := c.variableOf(v)
		if !ok && constantName.MatchString(v) {
			return nil, v[1:]
		}
		if ok {
			value, set := c.cfg.LookupEnv(name)
			if !set {
				return nil, name
			}
			return value, ""
		}
		out := inText.ReplaceAllStringFunc(v, func(m string) string {
			name := strings.Trim(m, markOpen+markClose)
			value, set := c.cfg.LookupEnv(name)
			if !set {
				missing = name
			}
			return value
		})
		return out, missing
	}
	return v, ""
}
