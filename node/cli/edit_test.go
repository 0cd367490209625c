package cli

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func fieldsOf(t testing.TB, kind string) []odb.Field {
	t.Helper()
	k, ok := odb.KindNamed(kind)
	if !ok {
		t.Fatalf("there is no kind %s", kind)
	}
	return odb.Fields(k.New())
}

// nested is a made-up kind with a list of objects, which no kind has yet.
func nested() []odb.Field {
	item := odb.Field{Type: odb.TypeObject, Fields: []odb.Field{{Name: "name", Type: odb.TypeString}, {Name: "size", Type: odb.TypeInteger}}}
	number := odb.Field{Type: odb.TypeNumber}
	return []odb.Field{
		{Name: "rules", Type: odb.TypeList, Item: &item},
		{Name: "ratio", Type: odb.TypeNumber},
		{Name: "ratios", Type: odb.TypeList, Item: &number},
	}
}

// local is what @name reads in these tests.
func local(name string) (string, error) {
	switch name {
	case "pem":
		return "-----BEGIN-----\nx\n", nil
	case "empty":
		return "\n", nil
	case "list":
		return "a,b\n", nil
	}
	return "", odb.Errorf(odb.NotFound, "read", name, "no such file")
}

func TestEdit(t *testing.T) {
	tests := map[string]struct {
		kind  string
		spec  string
		edits []string
		want  string // the spec after, or "error: " and a part of the message
	}{
		"text":                         {"channel", `{}`, []string{"path=/a"}, `{"path":"/a"}`},
		"text stays text":              {"security", `{}`, []string{"username=true", "realm=12"}, `{"realm":"12","username":"true"}`},
		"empty text":                   {"security", `{"realm":"x"}`, []string{"realm="}, `{"realm":""}`},
		"value with =":                 {"outgoing", `{}`, []string{"url=https://x?a=b"}, `{"url":"https://x?a=b"}`},
		"replace":                      {"channel", `{"path":"/a","method":"PUT"}`, []string{"path=/b"}, `{"method":"PUT","path":"/b"}`},
		"number":                       {"channel", `{}`, []string{"status=201"}, `{"status":201}`},
		"number with sign":             {"channel", `{}`, []string{"status=+201"}, `{"status":201}`},
		"no number":                    {"channel", `{}`, []string{"status=ok"}, `error: status: is "ok"; a whole number is needed`},
		"empty number is the default":  {"channel", `{"status":201}`, []string{"status="}, `{}`},
		"boolean":                      {"channel", `{}`, []string{"enabled=false"}, `{"enabled":false}`},
		"no boolean":                   {"channel", `{}`, []string{"enabled=no"}, `error: enabled: is "no"; true or false is needed`},
		"duration and size":            {"channel", `{}`, []string{"timeout=5s", "max_body=1MiB"}, `{"max_body":"1MiB","timeout":"5s"}`},
		"list":                         {"channel", `{}`, []string{"security=a, b"}, `{"security":["a","b"]}`},
		"list as JSON":                 {"channel", `{}`, []string{`security=["a,b"]`}, `{"security":["a,b"]}`},
		"list emptied":                 {"channel", `{"security":["a"]}`, []string{"security="}, `{"security":[]}`},
		"item added":                   {"channel", `{"security":["a"]}`, []string{"security+=b"}, `{"security":["a","b"]}`},
		"item added twice":             {"channel", `{"security":["a"]}`, []string{"security+=a"}, `{"security":["a"]}`},
		"item added to nothing":        {"channel", `{}`, []string{"security+=a"}, `{"security":["a"]}`},
		"item added to a bare one":     {"channel", `{"security":"a"}`, []string{"security+=b"}, `{"security":["a","b"]}`},
		"item taken away":              {"channel", `{"security":["a","b"]}`, []string{"security-=a"}, `{"security":["b"]}`},
		"item that is not there":       {"channel", `{"security":["a"]}`, []string{"security-=b"}, `error: security: there is no item "b"`},
		"item of a text":               {"channel", `{}`, []string{"path+=x"}, `error: path: += works on lists`},
		"empty item":                   {"channel", `{}`, []string{"security+="}, `the item is empty`},
		"long texts are not split":     {"outgoing", `{}`, []string{"init=CREATE TABLE a (b, c)"}, `{"init":["CREATE TABLE a (b, c)"]}`},
		"long texts added":             {"outgoing", `{"init":["A"]}`, []string{"init+=B (c, d)"}, `{"init":["A","B (c, d)"]}`},
		"element of a list":            {"channel", `{"security":["a","b"]}`, []string{"security.1=c"}, `{"security":["a","c"]}`},
		"element after the last":       {"channel", `{"security":["a"]}`, []string{"security.1=b"}, `{"security":["a","b"]}`},
		"element far after the last":   {"channel", `{"security":["a"]}`, []string{"security.2=b"}, `error: security.2: "2" is no element of the list, which has 1`},
		"element by name":              {"channel", `{}`, []string{"security.x=b"}, `error: security.x: "x" is no element`},
		"element taken away":           {"channel", `{"security":["a","b"]}`, []string{"security.0:=null"}, `{"security":["b"]}`},
		"field in an object":           {"channel", `{}`, []string{"rate_limit.requests=10", "rate_limit.by=ip"}, `{"rate_limit":{"by":"ip","requests":10}}`},
		"field in an object there":     {"channel", `{"cors":{"origins":["*"]}}`, []string{"cors.max_age=1m"}, `{"cors":{"max_age":"1m","origins":["*"]}}`},
		"list in an object":            {"channel", `{}`, []string{"cors.origins=https://a,https://b"}, `{"cors":{"origins":["https://a","https://b"]}}`},
		"object as JSON":               {"channel", `{}`, []string{`rate_limit={"requests":5}`}, `{"rate_limit":{"requests":5}}`},
		"object as text":               {"channel", `{}`, []string{"rate_limit=5"}, `error: rate_limit: has fields inside`},
		"entry of a map":               {"outgoing", `{}`, []string{"headers.X-Team=shop"}, `{"headers":{"X-Team":"shop"}}`},
		"entry with dots":              {"channel", `{}`, []string{"xml.namespaces.a.b=urn:x"}, `{"xml":{"namespaces":{"a.b":"urn:x"}}}`},
		"entry taken away":             {"outgoing", `{"headers":{"a":"b","c":"d"}}`, []string{"headers.a:=null"}, `{"headers":{"c":"d"}}`},
		"field inside a text":          {"channel", `{}`, []string{"path.x=1"}, `error: path.x: path is a string and has no fields inside`},
		"unknown field":                {"channel", `{}`, []string{"pth=/a"}, `error: pth: there is no field "pth"; did you mean "path"?`},
		"unknown field in an object":   {"channel", `{}`, []string{"cors.origin=x"}, `did you mean "origins"?`},
		"any JSON":                     {"channel", `{}`, []string{`status:=204`, `path:="@x"`}, `{"path":"@x","status":204}`},
		"JSON null takes away":         {"channel", `{"path":"/a"}`, []string{"path:=null"}, `{}`},
		"bad JSON":                     {"channel", `{}`, []string{"path:=x"}, `error: path: "x" is not JSON`},
		"JSON and more":                {"channel", `{}`, []string{"path:=1 2"}, `there is text after the value`},
		"large numbers are kept":       {"channel", `{}`, []string{"status:=12345678901234567890"}, `{"status":12345678901234567890}`},
		"text from a file":             {"outgoing", `{}`, []string{"tls.ca=@pem"}, `{"tls":{"ca":"-----BEGIN-----\nx"}}`},
		"list from a file":             {"channel", `{}`, []string{"security=@list"}, `{"security":["a","b"]}`},
		"file that is not there":       {"outgoing", `{}`, []string{"tls.ca=@nope"}, `error: tls.ca: read nope: no such file`},
		"secret by reference":          {"security", `{}`, []string{"password=env:PW"}, `{"password":{"ref":"env:PW"}}`},
		"secret in a credential":       {"security", `{}`, []string{"password=cred:pw"}, `{"password":{"ref":"cred:pw"}}`},
		"secret in a node's file":      {"security", `{}`, []string{"password=file:/run/pw"}, `{"password":{"ref":"file:/run/pw"}}`},
		"secret from a file":           {"security", `{}`, []string{"password=@pem"}, `{"password":"-----BEGIN-----\nx"}`},
		"secret from an empty file":    {"security", `{}`, []string{"password=@empty"}, `the secret is empty`},
		"secret typed unseen":          {"security", `{}`, []string{"password=-"}, `{"password":"typed"}`},
		"secret in clear":              {"security", `{}`, []string{"password=hunter2"}, `{"password":"hunter2"}`},
		"secret that looks like a ref": {"security", `{}`, []string{`password:="env:x"`}, `{"password":"env:x"}`},
		"minus is a text elsewhere":    {"security", `{}`, []string{"prefix=-"}, `{"prefix":"-"}`},
		"list of objects":              {"nested", `{}`, []string{"rules.0.name=a", "rules.0.size=2", "rules.1.name=b"}, `{"rules":[{"name":"a","size":2},{"name":"b"}]}`},
		"field inside an element":      {"channel", `{"security":["a"]}`, []string{"security.0.x=1"}, `element 0 is a string and has no fields inside`},
		"a number with a fraction":     {"nested", `{}`, []string{"ratio=0.50", "ratios=1,2.5"}, `{"ratio":0.50,"ratios":[1,2.5]}`},
		"no number at all":             {"nested", `{}`, []string{"ratio=half"}, `error: ratio: is "half"; a number is needed`},
		"no change of a field":         {"channel", `{}`, []string{"path"}, `error: "path" is not a change of a field`},
		"no field":                     {"channel", `{}`, []string{"=x"}, `names no field`},
		"dot at the end":               {"channel", `{}`, []string{"cors.=x"}, `names no field`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fields := nested()
			if tc.kind != "nested" {
				fields = fieldsOf(t, tc.kind)
			}
			ed := editor{fields: fields, read: local, secret: func(string) (string, error) { return "typed", nil }, warn: func(string) {}}
			got, err := editAll(ed, tc.spec, tc.edits)
			switch {
			case err != nil && (strings.HasPrefix(tc.want, "{") || !strings.Contains("error: "+err.Error(), tc.want)):
				t.Errorf("error %q, want %s", err, tc.want)
			case err == nil && got != tc.want:
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func editAll(ed editor, spec string, args []string) (string, error) {
	tree, err := decodeJSON(spec)
	if err != nil {
		return "", err
	}
	obj, ok := tree.(map[string]any)
	if !ok {
		return "", errors.New("not an object")
	}
	for _, arg := range args {
		e, err := parseEdit(arg)
		if err != nil {
			return "", err
		}
		if err := ed.apply(obj, e); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(obj)
	return string(text), err
}

func TestSecretInClearIsWarnedAbout(t *testing.T) {
	for value, want := range map[string]bool{"hunter2": true, "env:X": false, "@pem": false, "-": false} {
		warned := ""
		ed := editor{
			fields: fieldsOf(t, "security"), read: local, warn: func(s string) { warned = s },
			secret: func(string) (string, error) { return "typed", nil },
		}
		if _, err := editAll(ed, "{}", []string{"password=" + value}); err != nil {
			t.Fatal(err)
		}
		if got := warned != ""; got != want {
			t.Errorf("password=%s: warned %t, want %t", value, got, want)
		}
		if strings.Contains(warned, "hunter2") {
			t.Errorf("the warning repeats the secret: %s", warned)
		}
	}
}

// FuzzEdit: whatever is typed, set gives an error or a spec that can be sent, and
// an edit of one field leaves the others alone.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		"path=/a", "security=a,b", "security+=x", "security-=a", "cors.origins.0=x", "headers.a.b=c",
		`xml.namespaces._:="urn:x"`, "rate_limit:={}", "password=@pem", "key=-", "init+=SELECT 1", "..=", "a.b.c:=[", "security.0:=null",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		for _, kind := range []string{"channel", "outgoing", "security"} {
			ed := editor{
				fields: fieldsOf(t, kind), read: local, warn: func(string) {},
				secret: func(string) (string, error) { return "typed", nil },
			}
			out, err := editAll(ed, `{"description":"kept","security":["a"]}`, []string{arg})
			if err != nil {
				continue
			}
			var spec map[string]any
			if err := json.Unmarshal([]byte(out), &spec); err != nil {
				t.Fatalf("%q made %q: %v", arg, out, err)
			}
			if !strings.HasPrefix(arg, "description") && spec["description"] != "kept" {
				t.Errorf("%q changed another field: %s", arg, out)
			}
		}
	})
}
