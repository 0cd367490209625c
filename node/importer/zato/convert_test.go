package zato_test

import (
	"encoding/json"
	"strings"
	"testing"

	"signalbox.internal/node/importer/zato"
	"signalbox.internal/odb"
)

// convert converts a text; the cluster has the services s and t.
func convert(t testing.TB, text string, change func(*zato.Config)) zato.Result {
	t.Helper()
	in := &zato.Input{}
	if err := in.Read("test.yaml", []byte(text), nil); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	cfg := zato.Config{Current: services("s", "t")}
	if change != nil {
		change(&cfg)
	}
	r, err := zato.Convert(in, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// one is the report of one object and the spec of what it became.
type one struct {
	zato.Object
	spec string
}

// about finds the object of a name; its spec is canonical.
func about(t testing.TB, r zato.Result, name string) one {
	t.Helper()
	for _, o := range r.Report.Objects {
		if o.Name != name {
			continue
		}
		for _, doc := range r.Documents {
			if doc.Kind == o.Kind && doc.Name == o.As {
				return one{o, string(doc.Spec)}
			}
		}
		return one{o, ""}
	}
	t.Fatalf("%q is not in the report: %+v", name, r.Report)
	return one{}
}

func (o one) told() string {
	var b strings.Builder
	b.WriteString(o.Reason)
	for _, n := range o.Notes {
		b.WriteString(" " + n.Attribute + ": " + n.Text)
	}
	return b.String()
}

const credentials = `
security:
  - {name: a, type: basic_auth, username: u, password: planted-1}
  - {name: k, type: apikey, username: n, password: planted-22}
  - {name: w, type: wss, username: n, password: planted-33}
groups:
  - {name: g, members: [a, k, w]}
  - {name: empty, members: [w]}
  - {name: off, members: [a], is_active: false}
`

// What an object becomes, by the object: its spec must have the texts of want, and
// the report those of told.
func TestObjects(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		section, object string
		outcome         zato.Outcome
		want            string // in the spec
		told            string // in reason or notes
	}{
		"method of any":         {"channel_rest", `service: s, url_path: /x`, zato.Taken, `"method":"ANY"`, ""},
		"method that is none":   {"channel_rest", `service: s, url_path: /x, method: HEAD`, zato.Left, "", `"HEAD"; one of GET`},
		"json since 3.2":        {"channel_rest", `service: s, url_path: /x`, zato.Taken, `"body":"json"`, ""},
		"no format before":      {"channel_plain_http", `service: s, url_path: /x`, zato.Changed, `"body":"auto"`, "data_format"},
		"xml":                   {"channel_rest", `service: s, url_path: /x, data_format: xml`, zato.Taken, `"answer":"xml","body":"xml"`, ""},
		"hl7":                   {"channel_rest", `service: s, url_path: /x, data_format: hl7`, zato.Changed, `"body":"text"`, "no such format"},
		"answer type":           {"channel_rest", `service: s, url_path: /x, content_type: text/plain`, zato.Taken, `"headers":{"Content-Type":"text/plain"}`, ""},
		"separate":              {"channel_rest", `service: s, url_path: /x, merge_url_params_req: "False"`, zato.Taken, `"params":"separate"`, ""},
		"body wins":             {"channel_rest", `service: s, url_path: /x, params_pri: msg-over-channel-params`, zato.Changed, `"path"`, "win over the body"},
		"service_name":          {"channel_rest", `service_name: s, url_path: /x`, zato.Taken, `"service":"s"`, ""},
		"no service":            {"channel_rest", `url_path: /x`, zato.Left, "", "no service"},
		"no path":               {"channel_rest", `service: s`, zato.Left, "", "no url_path"},
		"no slash":              {"channel_rest", `service: s, url_path: x`, zato.Changed, `"path":"/x"`, "slash"},
		"half a segment":        {"channel_rest", `service: s, url_path: "/x/{a}.json"`, zato.Left, "", "mixes text and a parameter"},
		"our own path":          {"channel_rest", `service: s, url_path: /signalbox/x`, zato.Left, "", "belong to the product"},
		"not active":            {"channel_rest", `service: s, url_path: /x, is_active: no`, zato.Taken, `"enabled":false`, ""},
		"active or not":         {"channel_rest", `service: s, url_path: /x, is_active: perhaps`, zato.Changed, `"enabled":false`, "neither true nor false"},
		"timeout":               {"channel_rest", `service: s, url_path: /x, timeout: 1.5`, zato.Taken, `"timeout":"1500ms"`, ""},
		"timeout of a column":   {"channel_plain_http", `service: s, url_path: /x, timeout: 10, data_format: json`, zato.Taken, `"path":"/x"`, ""},
		"internal":              {"channel_rest", `service: s, url_path: /x, is_internal: true`, zato.Left, "", "Zato's own"},
		"delete":                {"channel_rest", `service: s, url_path: /x, should_delete: true`, zato.Left, "", "wants it deleted"},
		"gateway":               {"channel_rest", `service: s, url_path: /x, gateway_service_list: [s, t]`, zato.Left, "", "caller chooses"},
		"unknown attribute":     {"channel_rest", `service: s, url_path: /x, colour: blue`, zato.Changed, `"path"`, "colour: this attribute is not known"},
		"unknown but empty":     {"channel_rest", `service: s, url_path: /x, colour: ""`, zato.Taken, `"path"`, ""},
		"placeholder in a path": {"channel_rest", `service: s, url_path: "/{Zato_Enmasse_Env.V}/x"`, zato.Taken, `"path":"/val/x"`, ""},

		"open":               {"channel_rest", `service: s, url_path: /x, security: zato-no-security`, zato.Taken, `"service":"s"}`, ""},
		"one credential":     {"channel_rest", `service: s, url_path: /x, sec_def: a`, zato.Taken, `"security":["a"]`, ""},
		"members":            {"channel_rest", `service: s, url_path: /x, security_groups: [g]`, zato.Taken, `"security":["a","k"]`, ""},
		"left credential":    {"channel_rest", `service: s, url_path: /x, security: w`, zato.Left, "", "w was left out"},
		"missing credential": {"channel_rest", `service: s, url_path: /x, security: nobody`, zato.Left, "", "nobody is neither"},
		"empty group":        {"channel_rest", `service: s, url_path: /x, groups: [empty]`, zato.Left, "", "everybody could call it"},
		"inactive group":     {"channel_rest", `service: s, url_path: /x, groups: [off]`, zato.Left, "", "everybody could call it"},
		"both":               {"channel_rest", `service: s, url_path: /x, security: a, groups: [g]`, zato.Left, "", "demands a credential and besides"},
		"roles":              {"channel_rest", `service: s, url_path: /x, security_id: ZATO_SEC_USE_RBAC`, zato.Left, "", "roles decide"},
		"roles by name":      {"channel_rest", `service: s, url_path: /x, security: ZATO_SEC_USE_RBAC`, zato.Left, "", "roles decide"},
		"roles besides":      {"channel_rest", `service: s, url_path: /x, security: a, has_rbac: true`, zato.Left, "", "roles decide"},

		"limit":              {"channel_rest", `service: s, url_path: /x, rate_limit_def: "*=60/m"`, zato.Changed, `"rate_limit":{"per":"1m","requests":60}`, "per node"},
		"limit off":          {"channel_rest", `service: s, url_path: /x, rate_limit_def: "*=60/m", is_rate_limit_active: false`, zato.Taken, `"service":"s"}`, ""},
		"addresses":          {"channel_rest", `service: s, url_path: /x, rate_limit_def: "10.0.0.0/8=*"`, zato.Taken, `"allow_ips":["10.0.0.0/8"]`, ""},
		"bad addresses":      {"channel_rest", `service: s, url_path: /x, rate_limit_def: "nonsense"`, zato.Left, "", "may be what keeps callers out"},
		"bad rate":           {"channel_rest", `service: s, url_path: /x, rate_limit_def: "*=x/m"`, zato.Left, "", "may be what keeps callers out"},
		"several limits":     {"channel_rest", `service: s, url_path: /x, rate_limit_def: "10.0.0.1=5/m\n10.0.0.2=6/m"`, zato.Changed, `"allow_ips":["10.0.0.1","10.0.0.2"]`, "no limit"},
		"limit of 4.x":       {"channel_rest", `service: s, url_path: /x, rate_limiting: [{cidr_list: [0.0.0.0/0], time_range: [{is_all_day: true, limit: 5, limit_unit: hour}]}]`, zato.Changed, `"rate_limit":{"per":"1h","requests":5}`, "per node"},
		"refused at times":   {"channel_rest", `service: s, url_path: /x, rate_limiting: [{time_range: [{is_all_day: true, disallowed: true}]}]`, zato.Left, "", "refuses callers"},
		"limits by the hour": {"channel_rest", `service: s, url_path: /x, rate_limiting: [{time_range: [{limit: 5, limit_unit: hour}, {limit: 6, limit_unit: hour}]}]`, zato.Changed, `"service":"s"}`, "time of day"},
		"bad network":        {"channel_rest", `service: s, url_path: /x, rate_limiting: [{cidr_list: [home], time_range: []}]`, zato.Left, "", "no network"},

		"user with a colon":  {"security", `type: basic_auth, username: "a:b", password: planted-x`, zato.Left, "", "colon"},
		"no user":            {"security", `type: basic_auth, password: planted-x`, zato.Left, "", "a user without colon"},
		"no type":            {"security", `username: a`, zato.Left, "", "no type"},
		"type of nobody":     {"security", `type: magic`, zato.Left, "", `no type "magic"`},
		"short key":          {"security", `type: apikey, password: planted`, zato.Left, "", "at least 8 characters"},
		"header of 2.x":      {"def_sec", `type: apikey, username: X-Key, password: planted-x`, zato.Taken, `"header":"X-Key"`, ""},
		"header of WSGI":     {"apikey", `username: HTTP_X_KEY_ONE, password: planted-x`, zato.Taken, `"header":"X-Key-One"`, ""},
		"header of 4.x":      {"security", `type: apikey, username: me, header: X-Me, password: planted-x`, zato.Taken, `"header":"X-Me"`, ""},
		"header perhaps":     {"security", `type: apikey, username: X-API-Token, password: planted-x`, zato.Changed, `"header":"X-API-Token"`, "taken as one"},
		"user of a key":      {"security", `type: apikey, username: enmasse, password: planted-x`, zato.Taken, `"username":"enmasse"`, ""},
		"claims":             {"security", `type: bearer_token, jwks_url: "https://id.example/keys", claims: [a=b, c]`, zato.Left, "", "name=value"},
		"token service":      {"security", `type: bearer_token, auth_endpoint: "https://id.example"`, zato.Left, "", "not fetched"},
		"its own limit":      {"security", `type: basic_auth, username: u, password: planted-x, is_rate_limit_active: true, rate_limit_def: "*=1/m"`, zato.Changed, `"username":"u"`, "limit of the credential"},
		"number as password": {"security", `type: basic_auth, username: u, password: 0123456789`, zato.Taken, `"password":"0123456789"`, ""},

		"host and path":         {"outgoing_rest", `host: "https://x.example/", url_path: "a/{b-c}"`, zato.Changed, `"url":"https://x.example/a/{b_c}"`, "url_path"},
		"no host":               {"outgoing_rest", `url_path: /a`, zato.Left, "", "no host"},
		"other scheme":          {"outgoing_rest", `host: planted@x.example`, zato.Left, "", "http://"},
		"credentials in it":     {"outgoing_rest", `host: "https://u:planted@x.example"`, zato.Left, "", "user or a password"},
		"query in it":           {"outgoing_rest", `host: "https://x.example", url_path: "/?key=planted"`, zato.Left, "", "query"},
		"no verification":       {"outgoing_rest", `host: "https://x.example", validate_tls: "False"`, zato.Taken, `"skip_verify":true`, ""},
		"private address":       {"outgoing_rest", `host: "http://192.168.1.1:80"`, zato.Changed, `"allow":["192.168.1.1"]`, "may reach 192.168.1.1"},
		"metadata address":      {"outgoing_rest", `host: "http://169.254.169.254"`, zato.Taken, `"url":"http://169.254.169.254"}`, ""},
		"credential for calls":  {"outgoing_rest", `host: "https://x.example", security_name: k`, zato.Taken, `"security":"k"`, ""},
		"no credential to give": {"outgoing_rest", `host: "https://x.example", security: w`, zato.Left, "", "w was left out"},
		"many retries":          {"outgoing_rest", `host: "https://x.example", max_retries: 40`, zato.Changed, `"retries":10`, "at most 10"},
		"client certificate":    {"outgoing_rest", `host: "https://x.example", tls_client_cert: /x.pem`, zato.Changed, `"url"`, "tls.cert"},

		"mysql":          {"outconn_sql", `engine: mysql+pymysql, host: h, db_name: d, username: u, password: planted-x`, zato.Taken, `"driver":"mysql"`, ""},
		"db2":            {"outconn_sql", `engine: db2, host: h, db_name: d`, zato.Left, "", "no driver for db2"},
		"no engine":      {"sql", `host: h, db_name: d`, zato.Left, "", "no engine"},
		"no database":    {"sql", `type: mysql, host: h, db_name: ""`, zato.Left, "", "database is required"},
		"bad port":       {"sql", `type: mysql, host: h, db_name: d, port: x`, zato.Left, "", "port is no number"},
		"encrypted":      {"sql", `type: postgresql, host: h, db_name: d, ssl: true`, zato.Taken, `"options":{"sslmode":"verify-full"}`, ""},
		"sqlite":         {"sql", `type: sqlite, db_name: a.db`, zato.Taken, `"database":"a.db"`, ""},
		"pool of none":   {"sql", `type: mysql, host: h, db_name: d, pool_size: 0`, zato.Changed, `"host":"h"`, "always pooled"},
		"extra password": {"sql", `type: mysql, host: h, db_name: d, extra: "passwd=planted-x"`, zato.Changed, `"host":"h"`, "the option passwd is not"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := credentials + tc.section + ":\n  - {name: it, " + tc.object + "}\n"
			if tc.section == "security" {
				text = strings.Replace(credentials, "security:\n", "security:\n  - {name: it, "+tc.object+"}\n", 1)
			}
			r := convert(t, text, func(c *zato.Config) { c.LookupEnv = env(map[string]string{"V": "val"}) })
			got := about(t, r, "it")
			if got.Outcome != tc.outcome || !strings.Contains(got.spec, tc.want) || !strings.Contains(got.told(), tc.told) || tc.told == "" && got.told() != "" {
				t.Errorf("%s %s\ntold: %s\nwant %s with %s and told %q", got.Outcome, got.spec, got.told(), tc.outcome, tc.want, tc.told)
			}
			report, err := json.Marshal(r.Report)
			if err != nil || strings.Contains(string(report), "planted") {
				t.Errorf("a secret is in the report: %s %v", report, err)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	vars := env(map[string]string{"SET": "x", "Zato_Enmasse_Env_security_it_password": "planted-env"})
	tests := map[string]struct {
		password, want, variable string
	}{
		"clear":              {"planted-1", `"password":"planted-1"`, ""},
		"variable of 3.2":    {"Zato_Enmasse_Env.Pw_1", `{"ref":"env:Pw_1"}`, "Pw_1"},
		"variable of 3.1":    {"ZatoEnmasseEnv.Pw_1", `{"ref":"env:Pw_1"}`, "Pw_1"},
		"placeholder of 3.3": {"'{Zato_Enmasse_Env.Pw_1}'", `{"ref":"env:Pw_1"}`, "Pw_1"},
		"bare placeholder":   {"{Zato_Enmasse_Env.Pw_1}", `{"ref":"env:Pw_1"}`, "Pw_1"},
		"variable of 4.x":    {"${Pw_1}", `{"ref":"env:Pw_1"}`, "Pw_1"},
		"dollar, set":        {"$SET", `{"ref":"env:SET"}`, "SET"},
		"dollar, not set":    {"$PLANTED", `"password":"$PLANTED"`, ""},
		"no good variable":   {"Zato_Enmasse_Env.a b", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
		"text and variable":  {"'{Zato_Enmasse_Env.A}planted'", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
		"none":               {"", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
		"null":               {"null", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
		"asterisks":          {"'******'", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
		"placeholder of sed": {"'@@PW@@'", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
		"encrypted":          {"gAAAAABplanted", `"env:ZATO_SECURITY_IT_PASSWORD"`, "ZATO_SECURITY_IT_PASSWORD"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "security:\n  - name: it\n    type: basic_auth\n    username: u\n    password: " + tc.password + "\n"
			r := convert(t, text, func(c *zato.Config) {
				c.LookupEnv = func(n string) (string, bool) {
					if strings.HasPrefix(n, "Zato_Enmasse_Env_") {
						return "", false
					}
					return vars(n)
				}
			})
			got := about(t, r, "it")
			if !strings.Contains(got.spec, tc.want) {
				t.Errorf("spec %s, want %s", got.spec, tc.want)
			}
			variable := ""
			for _, v := range r.Report.Variables {
				variable += v.Name
			}
			if variable != tc.variable {
				t.Errorf("variable %q, want %q", variable, tc.variable)
			}
			report, _ := json.Marshal(r.Report)
			if strings.Contains(strings.ToLower(string(report)), "planted") {
				t.Errorf("a secret is in the report: %s", report)
			}
		})
	}
	text := "security:\n  - {name: it, type: basic_auth, username: u}\nchannel_rest:\n  - {name: a.b, service: s, url_path: /x}\n"
	r := convert(t, text, func(c *zato.Config) {
		c.LookupEnv = env(map[string]string{"Zato_Enmasse_Env_security_it_password": "planted", "Zato_Enmasse_Env_channel_rest_a__b_url_path": "/y"})
	})
	if got := about(t, r, "it"); got.Outcome != zato.Taken || !strings.Contains(got.spec, "env:Zato_Enmasse_Env_security_it_password") {
		t.Errorf("the variable of an attribute: %s %s", got.Outcome, got.spec)
	}
	if got := about(t, r, "a.b"); !strings.Contains(got.spec, `"path":"/y"`) {
		t.Errorf("the variable of an attribute: %s", got.spec)
	}
}

// A secret that the file does not have stays what the cluster has.
func TestMissingSecretStays(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{"sealed:x": "sealed:x", "file:/x": "file:/x", "env:OURS": "env:OURS"} {
		r := convert(t, "security:\n  - {name: it, type: basic_auth, username: u}\n", func(c *zato.Config) {
			c.Current = append(c.Current, odb.Definition{Kind: "security", Name: "it", Spec: json.RawMessage(`{"username":"u","password":{"ref":"` + stored + `"}}`)})
		})
		if got := about(t, r, "it"); !strings.Contains(got.spec, want) {
			t.Errorf("%s became %s", stored, got.spec)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 200)
	r := convert(t, `
outgoing_rest:
  - {name: erp, host: "https://a.example"}
  - {name: "/erp/", host: "https://b.example"}
  - {name: "a/b", host: "https://c.example"}
  - {name: a-b, host: "https://d.example"}
  - {name: "///", host: "https://e.example"}
  - {name: `+long+`, host: "https://f.example"}
  - {name: erp, host: "https://g.example"}
sql:
  - {name: erp, type: mysql, host: h, db_name: d}
`, nil)
	seen := map[string]bool{}
	for _, o := range r.Report.Objects {
		if o.Outcome == zato.Left {
			continue
		}
		if odb.CheckName(o.As) != nil || seen[o.As] {
			t.Errorf("%q is called %q, which is no good name or taken", o.Name, o.As)
		}
		seen[o.As] = true
	}
	for name, want := range map[string]string{"erp": "erp", "/erp/": "erp-rest", "a-b": "a-b", "a/b": "a-b-rest"} {
		if got := about(t, r, name).As; got != want {
			t.Errorf("%q is called %q, want %q", name, got, want)
		}
	}
	if !seen["erp-sql"] || len(seen) != 7 {
		t.Errorf("names are %v", seen)
	}
	if got := r.Report.Objects[6]; got.Outcome != zato.Left || !strings.Contains(got.Reason, "test.yaml:3") {
		t.Errorf("the second erp: %+v", got)
	}
}

// A channel of the cluster that the files do not speak of keeps what it answers.
func TestPathIsTaken(t *testing.T) {
	t.Parallel()
	r := convert(t, "channel_rest:\n  - {name: new, service: s, url_path: \"/x/{a}\", method: GET}\n", func(c *zato.Config) {
		c.Current = append(c.Current, odb.Definition{Kind: "channel", Name: "old", Spec: json.RawMessage(`{"path":"/x/{b}","service":"s"}`)})
	})
	if got := about(t, r, "new"); got.Outcome != zato.Left || !strings.Contains(got.Reason, "channel old already answers GET /x/{}") {
		t.Errorf("%+v", got)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"no object":       {"- a\n", "lists under the names of types"},
		"a text":          {"planted\n", "lists under the names of types"},
		"scalar":          {"security: planted\n", `"security" is not a list`},
		"number":          {"security: 5\n", `"security" is not a list`},
		"element":         {"security:\n  - 5\n", "no object"},
		"text as element": {"security: [planted]\n", "no object"},
		"syntax":          {"security:\n  - name: \"planted\n", "line 2"},
		"key twice":       {"security:\n  - name: a\n    name: planted\n", "line 3"},
		"section twice":   {"security:\n  - {name: a}\nsecurity:\n  - {name: b}\n", "line 3"},
		"include":         {"include: [a.yaml]\n", "only a file on disk"},
		"address":         {"include: ['https://x.example/planted']\n", "no path of a file"},
		"not UTF-8":       {"security:\n  - name: \xff\n", "not in UTF-8"},
		"JSON, cut":       {`{"security": ["planted`, "line 1"},
		"JSON, twice":     {`{"security": [], "security": ["planted"]}`, "there twice"},
	}
	for name, tc := range tests {
		err := (&zato.Input{}).Read("f.yaml", []byte(tc.text), nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v, want %q and nothing of the file", name, err, tc.want)
		}
	}
}

// The forms of YAML in which people and tools write the same.
func TestYAMLForms(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"indented":        "channel_rest:\n\n  # c\n  - name: it\n    service: s\n\n    url_path: /x\n",
		"first column":    "channel_rest:\n- name: it\n  service: s\n  url_path: /x\n",
		"flow":            "channel_rest: [{name: it, service: s, url_path: /x}]\n",
		"flow, all of it": "{channel_rest: [{name: it, service: s, url_path: /x}]}\n",
		"quoted key":      "\"channel_rest\":\n  - name: it\n    service: s\n    url_path: /x\n",
		"marker":          "# c\n--- \nchannel_rest:\n  - name: it\n    service: s\n    url_path: /x\n",
		"dash alone":      "channel_rest:\n  -\n    name: it\n    service: s\n    url_path: /x\n",
		"anchors":         "security:\n  - {name: &n it2, type: ntlm}\nchannel_rest:\n  - {name: it, service: &s s, url_path: /x}\n  - {name: b, service: *s, url_path: /b}\n",
		"CRLF":            "channel_rest:\r\n  - name: it\r\n    service: s\r\n    url_path: /x\r\n",
		"Python 2":        "channel_rest:\n- name: !!python/unicode 'it'\n  service: s\n  url_path: /x\n",
		"block text":      "channel_rest:\n  - name: it\n    description: |\n      - name: no\n      more\n    service: s\n    url_path: /x\n",
		"no line at end":  "channel_rest:\n  - name: it\n    service: s\n    url_path: /x",
		"empty section":   "security:\nchannel_rest:\n  - {name: it, service: s, url_path: /x}\n",
		"JSON":            `{"channel_rest": [{"name": "it", "service": "s", "url_path": "/x"}]}`,
	} {
		if got := about(t, convert(t, text, nil), "it"); got.Outcome != zato.Taken || !strings.Contains(got.spec, `"path":"/x"`) {
			t.Errorf("%s: %s %s %s", name, got.Outcome, got.spec, got.told())
		}
	}
}

// An export of 2.x is one document with more in it than the parser takes at once.
func TestLargeExport(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("channel_plain_http:\n")
	for i := range 2000 {
		n := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		b.WriteString("- name: " + n + "\n  service: s\n  data_format: json\n  url_path: /" + n + "\n")
		b.WriteString("  cache_id: null\n  cache_name: ''\n  host: ''\n  has_rbac: false\n  pool_size: 20\n  ping_method: HEAD\n")
	}
	r := convert(t, b.String(), nil)
	if r.Report.Counts.Objects != 2000 || r.Report.Objects[1].Place != "test.yaml:12" {
		t.Errorf("%+v, %s", r.Report.Counts, r.Report.Objects[1].Place)
	}
}

// FuzzConvert looks for input that makes the reader or the converter panic, loses an
// object, makes a definition that is not valid, or shows a secret.
func FuzzConvert(f *testing.F) {
	f.Add("security:\n  - {name: a, type: basic_auth, username: u, password: SECRET-planted}\n")
	f.Add("channel_rest:\n- name: /x/{a}\n  service: s\n  url_path: /x/{a-b}\n  rate_limit_def: '*=5/m'\n  groups: g\n")
	f.Add("outgoing_rest:\n  - host: https://{Zato_Enmasse_Env.A}:80\n    name: $X\n    security: a\n")
	f.Add("sql:\n  - {name: d, type: mysql, db_name: 'x?charset=utf8', extra: 'a=b;c'}\n")
	f.Add("x: &a [1]\ny: *a\n")
	f.Add(`{"http_soap": [{"connection": "channel", "transport": "plain_http", "name": 1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		in := &zato.Input{}
		if in.Read("f.yaml", []byte(text), nil) != nil {
			return
		}
		r, err := zato.Convert(in, zato.Config{References: true})
		if err != nil {
			t.Fatal(err)
		}
		n := r.Report.Counts
		if n.Objects != len(r.Report.Objects) || n.Taken+n.Changed+n.Left != n.Objects {
			t.Errorf("counts do not add up: %+v", n)
		}
		if _, err := r.Definitions(); err != nil {
			t.Errorf("a definition is not valid: %v", err)
		}
		for _, o := range r.Report.Objects {
			if o.Outcome == zato.Left && o.Reason == "" || o.Outcome == zato.Changed && len(o.Notes) == 0 {
				t.Errorf("nothing is said of %+v", o)
			}
		}
	})
}
