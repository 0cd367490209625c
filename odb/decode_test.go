package odb_test

import (
	"encoding/json"
	"errors"
	"path"
	"reflect"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

// faults decodes and returns what is wrong, as "pointer: message" lines.
func faults(t *testing.T, kind, raw string) []string {
	t.Helper()
	spec, err := odb.Decode(kind, []byte(raw))
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*odb.Error](err)
	if !ok || e.Kind != odb.Invalid || len(e.Faults) == 0 || spec != nil {
		t.Fatalf("Decode(%s, %s) = %v, %v; want no spec and a list of faults", kind, raw, spec, err)
	}
	var out []string
	for _, f := range e.Faults {
		out = append(out, f.Pointer+": "+f.Message)
	}
	return out
}

func TestDecodeFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		kind, spec string
		want       []string
	}{
		"good":          {"channel", `{"path":"/a","service":"s"}`, nil},
		"not JSON":      {"channel", `{"path":`, []string{": the spec is not JSON: unexpected EOF"}},
		"a list":        {"channel", `[]`, []string{": a spec is an object, not of type array"}},
		"text after":    {"channel", `{} x`, []string{": there is text after the end of the object"}},
		"nothing":       {"channel", ` `, []string{"/path: path is required", "/service: service is required"}},
		"null is unset": {"channel", `{"path":null,"service":"s"}`, []string{"/path: path is required"}},
		"everything at once": {
			"channel", `{"path":5,"metod":"GET","status":99,"enabled":"yes","timeout":"5","max_body":"x","body":"jsno","headers":{"a":[1]},"security":["a",5],"cors":{"origins":7,"max":1},"xml":"x"}`,
			[]string{
				`/enabled: is the text "yes"; true or false is needed`,
				`/path: is the number 5; a text is needed`,
				`/service: service is required`,
				`/security/1: is the number 5; a text is needed`,
				`/body: is "jsno"; one of auto, json, xml, form, csv, text, binary, none is needed; did you mean "json"?`,
				`/max_body: "x" is not a size; write for example 4096, 64KiB or 1MiB`,
				`/status: is 99; at least 200 is needed`,
				`/headers/a: is a list; a text is needed`,
				`/timeout: "5" is not a duration; write for example 250ms, 2s or 1h30m`,
				`/xml: is the text "x"; an object is needed`,
				`/cors/origins/0: is the number 7; a text is needed`,
				`/cors/max: there is no field "max"; known are origins, headers, expose, credentials, max_age`,
				`/metod: there is no field "metod"; did you mean "method"?`,
			},
		},
		"tags and Validate at once": {
			"channel", `{"path":"no-slash","allow_ips":["x"],"status":5,"rate_limit":{"requests":1,"per":"0s"}}`,
			[]string{
				"/service: service is required", "/status: is 5; at least 200 is needed",
				`/path: the path "no-slash" does not start with /`,
				`/allow_ips/0: parse address x: an IP address or a network such as 10.1.0.0/16 is needed`,
				"/rate_limit/per: is 0; a length of time is needed",
			},
		},
		"unknown far from all": {"balancer", `{"zzzzzzzzzzzzzz":1}`, []string{`/zzzzzzzzzzzzzz: there is no field "zzzzzzzzzzzzzz"; known are max_in_flight, queue_for, trusted_proxies, description`}},
		"unknown to escape":    {"balancer", `{"a/b~c":1}`, []string{`/a~1b~0c: there is no field "a/b~c"; known are max_in_flight, queue_for, trusted_proxies, description`}},
		"letter case":          {"balancer", `{"Max_in_flight":1}`, []string{`/Max_in_flight: there is no field "Max_in_flight"; did you mean "max_in_flight"?`}},
		"numbers":              {"balancer", `{"max_in_flight":1.5}`, []string{"/max_in_flight: is 1.5; a whole number is needed"}},
		"exponent":             {"balancer", `{"max_in_flight":1e3}`, []string{"/max_in_flight: is 1e3; a whole number is needed"}},
		"too large":            {"balancer", `{"max_in_flight":1000001}`, []string{"/max_in_flight: is 1000001; at most 1000000 is allowed"}},
		"out of range":         {"balancer", `{"max_in_flight":123456789012345678901234567890}`, []string{"/max_in_flight: 123456789012345678901234567890 is out of range"}},
		"number as a text":     {"balancer", `{"max_in_flight":"5"}`, []string{`/max_in_flight: is the text "5"; a number is needed`}},
		"duration as a number": {"balancer", `{"queue_for":5}`, []string{"/queue_for: is the number 5; write for example 250ms, 2s or 1h30m"}},
		"negative duration":    {"balancer", `{"queue_for":"-5s"}`, []string{`/queue_for: the duration "-5s" is negative`}},

		"does not apply":     {"security", `{"type":"apikey","key":{"ref":"env:K"},"password":{"ref":"env:P"}}`, []string{"/password: password applies only while type is basic"}},
		"applies to several": {"security", `{"type":"jwt","jwks_url":"https://h/","username":"u"}`, []string{"/username: username applies only while type is basic or apikey"}},
		"bad choice, no more": {
			"security", `{"type":"basci","password":5,"claims":{}}`,
			[]string{`/type: is "basci"; one of basic, apikey, jwt is needed; did you mean "basic"?`},
		},
		"secret empty":       {"security", `{"username":"u","password":""}`, []string{"/password: the secret is empty"}},
		"secret of a number": {"security", `{"username":"u","password":5}`, []string{`/password: a secret is a string or {"ref": "env:NAME"}, {"ref": "file:PATH"}, {"ref": "cred:NAME"} or {"ref": "sealed:…"}`}},
		"secret with more":   {"security", `{"username":"u","password":{"ref":"env:P","x":1}}`, []string{`/password: a secret is a string or {"ref": "env:NAME"}, {"ref": "file:PATH"}, {"ref": "cred:NAME"} or {"ref": "sealed:…"}`}},
		"secret elsewhere":   {"security", `{"username":"u","password":{"ref":"vault:x"}}`, []string{`/password: the secret's reference has the unknown scheme "vault"; use env:NAME, file:PATH, cred:NAME or sealed:…`}},
		"secret nowhere":     {"security", `{"username":"u","password":{"ref":"env:"}}`, []string{`/password: the secret's reference has no scheme; use env:NAME, file:PATH, cred:NAME or sealed:…`}},
		"basic without user": {"security", `{"password":"x"}`, []string{`/username: is ""; a user without colon or line break is needed`}},
		"short key":          {"security", `{"type":"apikey","key":"short"}`, []string{"/key: at least 8 characters without line breaks are needed"}},
		"mixed algorithms":   {"security", `{"type":"jwt","algorithms":["HS256","RS256"],"jwks_url":"https://h/"}`, []string{"/algorithms: HS algorithms and public-key algorithms cannot be mixed: a public key could then be used as a shared secret"}},
		"no algorithm":       {"security", `{"type":"jwt","algorithms":[],"jwks_url":"https://h/"}`, []string{"/algorithms: at least one algorithm is needed"}},
		"short secret":       {"security", `{"type":"jwt","algorithms":"HS256","secret":"short"}`, []string{"/secret: has 5 bytes; at least 32 are needed"}},
		"two key sources":    {"security", `{"type":"jwt","jwks_url":"https://h/","jwks_file":"f"}`, []string{"/public_keys: exactly one of public_keys, jwks_file and jwks_url is needed"}},
		"URL of keys":        {"security", `{"type":"jwt","jwks_url":"ftp://h/","jwks_every":"1ms","jwks_allow":["x"]}`, []string{"/jwks_url: is not an http or https address", "/jwks_allow/0: parse address x: an IP address or a network such as 10.1.0.0/16 is needed", "/jwks_every: is 1ms; at least 1s is needed"}},

		"outgoing without URL":  {"outgoing", `{}`, []string{"/url: url is required"}},
		"outgoing, bad URL":     {"outgoing", `{"url":"partner.example/x"}`, []string{`/url: is "partner.example/x"; an address such as https://api.partner.example/v1 is needed`}},
		"outgoing, password":    {"outgoing", `{"url":"https://u:hunter2@h/"}`, []string{"/url: has credentials in it; put them into a security definition and name it in security"}},
		"outgoing, host param":  {"outgoing", `{"url":"https://{host}/x"}`, []string{"/url: has a parameter in the host; parameters may stand only in the path"}},
		"outgoing, sql":         {"outgoing", `{"type":"sql","host":"h","database":"d","url":"https://h/"}`, []string{"/url: url applies only while type is http"}},
		"outgoing, sql host":    {"outgoing", `{"type":"sql","database":"d"}`, []string{"/host: host is required for postgres"}},
		"outgoing, sqlite path": {"outgoing", `{"type":"sql","driver":"sqlite","database":"../x"}`, []string{`/database: is "../x"; with sqlite a plain file name in the node's data folder is needed`}},
		"outgoing, option":      {"outgoing", `{"type":"sql","host":"h","database":"d","options":{"sslrootcert":"/etc/passwd"}}`, []string{"/options/sslrootcert: is not allowed for postgres; allowed are sslmode, application_name, search_path, timezone, statement_timeout, target_session_attrs"}},

		"channel, CORS":    {"channel", `{"path":"/a","service":"s","cors":{"origins":["*","shop.example"],"credentials":true}}`, []string{"/cors/credentials: credentials cannot be allowed for the origin *; name the origins", `/cors/origins/1: is "shop.example"; an origin such as https://shop.example or * is needed`}},
		"channel, header":  {"channel", `{"path":"/a","service":"s","headers":{"a b":"c","X-Ok":"x\r\ny","X-Correlation-ID":"x"}}`, []string{"/headers/X-Correlation-ID: is not a valid header", "/headers/X-Ok: is not a valid header", "/headers/a b: is not a valid header"}},
		"channel, zeroes":  {"channel", `{"path":"/a","service":"s","max_body":0,"timeout":"0s"}`, []string{"/max_body: is 0; to refuse bodies set body to none", "/timeout: is 0; a length of time is needed"}},
		"service, hash":    {"service", `{"package":"p","hash":"xyz"}`, []string{`/hash: is "xyz"; 64 hexadecimal digits (SHA-256) are needed`}},
		"service, package": {"service", `{"engine":"go","package":"p"}`, []string{"/package: package applies only while engine is typescript"}},
		"empty text":       {"channel", `{"path":"","service":"s"}`, []string{"/path: path is required"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := faults(t, tc.kind, tc.spec); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Decode(%s, %s) finds\n%s\nwant\n%s", tc.kind, tc.spec, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
	if _, err := odb.Decode("chanel", nil); odb.KindOf(err) != odb.NotFound || !strings.Contains(err.Error(), "security, service, outgoing, channel, balancer") {
		t.Errorf("Decode of an unknown kind = %v", err)
	}
}

func TestDecodeDefaults(t *testing.T) {
	spec, err := odb.Decode("channel", []byte(`{"path":"/a","service":"s","cors":{"origins":["*"]},"security":"one","headers":{"A":1.50,"B":true}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &odb.ChannelSpec{
		Transport: "http", Enabled: true, Method: "GET", Path: "/a", Service: "s", Security: []string{"one"}, Body: "auto",
		MaxBody: 1 << 20, Params: "merge", Answer: "auto", Status: 200, Headers: map[string]string{"A": "1.50", "B": "true"},
		Timeout: odb.Duration(time.Minute), XML: odb.XMLRules{Root: "response"},
		CORS: odb.CORSRules{Origins: []string{"*"}, MaxAge: odb.Duration(10 * time.Minute)}, RateLimit: odb.RateLimit{Per: odb.Duration(time.Second), By: "channel"},
	}
	if !reflect.DeepEqual(spec, want) {
		t.Errorf("Decode() = %+v, want %+v", spec, want)
	}
	jwt, err := odb.Decode("security", []byte(`{"type":"jwt","jwks_url":"https://h/"}`))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := jwt.(*odb.SecuritySpec)
	if !reflect.DeepEqual(s.Algorithms, []string{"RS256"}) || s.UserClaim != "sub" || s.Header != "" || s.Realm != "" {
		t.Errorf("a JWT's defaults are %+v", s)
	}
	s.Algorithms[0] = "changed" // a default is not shared
	other, err := odb.Decode("security", []byte(`{"type":"jwt","jwks_url":"https://h/"}`))
	if o, _ := other.(*odb.SecuritySpec); err != nil || o.Algorithms[0] != "RS256" {
		t.Errorf("one spec's default changed another's: %+v, %v", other, err)
	}
}

func TestEncode(t *testing.T) {
	for raw, want := range map[string]string{
		`{"service":"s","path":"/a"}`:                               `{"path":"/a","service":"s"}`,
		`{"path":"/<a>&","service":"s"}`:                            `{"path":"/<a>&","service":"s"}`,
		`{"path":"/a","service":"s","timeout":"1m0s"}`:              `{"path":"/a","service":"s"}`,
		`{"path":"/a","service":"s","timeout":"90s"}`:               `{"path":"/a","service":"s","timeout":"1m30s"}`,
		`{"path":"/a","service":"s","max_body":"1024kB"}`:           `{"path":"/a","service":"s","max_body":"1000KiB"}`,
		`{"path":"/a","service":"s","max_body":1048576}`:            `{"path":"/a","service":"s"}`,
		`{"path":"/a","service":"s","enabled":false}`:               `{"enabled":false,"path":"/a","service":"s"}`,
		`{"path":"/a","service":"s","headers":{"B":"2","A":"1"}}`:   `{"path":"/a","service":"s","headers":{"A":"1","B":"2"}}`,
		`{"path":"/a","service":"s","headers":{},"security":[]}`:    `{"path":"/a","service":"s"}`,
		`{"path":"/a","service":"s","cors":{"max_age":"600s"}}`:     `{"path":"/a","service":"s"}`,
		`{"path":"/a","service":"s","xml":{"root":""}}`:             `{"path":"/a","service":"s","xml":{"root":""}}`,
		`{"path":"/a","service":"s","description":"a\u0000\u2028"}`: "{\"path\":\"/a\",\"service\":\"s\",\"description\":\"a\\u0000\\u2028\"}",
	} {
		spec, err := odb.Decode("channel", []byte(raw))
		if err != nil {
			t.Errorf("Decode(%s): %v", raw, err)
			continue
		}
		got, err := odb.Encode(spec)
		if err != nil || string(got) != want {
			t.Errorf("Encode(%s) = %s, %v; want %s", raw, got, err, want)
		}
	}
	spec := &odb.SecuritySpec{Type: "jwt", Enabled: true, JWKSURL: "https://h/", Password: odb.SecretRef("env:X")}
	got, err := odb.Encode(spec)
	if want := `{"type":"jwt","algorithms":[],"jwks_url":"https://h/","jwks_every":"0s","user_claim":"","leeway":"0s"}`; err != nil || string(got) != want {
		t.Errorf("Encode of a spec made by hand = %s, %v; want %s", got, err, want)
	}
	if _, err := odb.Encode(&odb.SecuritySpec{Type: "basic", Password: odb.ClearSecret("hunter2")}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Encode of a secret in clear: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for kind, spec := range map[string]string{
		"channel": channelSpec, "security": `{"type":"jwt","claims":{"a":1},"algorithms":"HS256","secret":{"ref":"env:X"}}`,
		"outgoing": `{"url":"https://h/{id}","tls":{"key":"x"},"headers":{"A":"b"}}`, "service": `{"engine":"go","timeout":"1h"}`, "balancer": `{"trusted_proxies":["10.0.0.0/8"]}`,
	} {
		f.Add(kind, []byte(spec))
	}
	for _, name := range []string{"pw", "a.b-c@d+e_f", ".", "..", "../keys/secrets.keys", "a/b", `a\\b`, "a\u0000", "ä", ""} {
		f.Add("security", []byte(`{"username":"u","password":{"ref":"cred:`+name+`"}}`))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		spec, err := odb.Decode(kind, raw)
		if err != nil {
			if k := odb.KindOf(err); k != odb.Invalid && k != odb.NotFound {
				t.Fatalf("the error %v is of kind %v", err, k)
			}
			return
		}
		_ = odb.EachSecret(spec, func(_ string, s *odb.Secret) error {
			if s.Clear() != "" {
				*s = odb.SecretRef("env:X")
			}
			if name, ok := strings.CutPrefix(s.Ref(), "cred:"); ok && (name != path.Base(name) || strings.Trim(name, ".") == "" || strings.ContainsAny(name, "\\\x00")) {
				t.Fatalf("%s names the credential %q, which is no plain name", raw, name)
			}
			return nil
		})
		first, err := odb.Encode(spec)
		if err != nil {
			t.Fatalf("%s decodes and does not encode: %v", raw, err)
		}
		again, err := odb.Decode(kind, first)
		if err != nil {
			t.Fatalf("%s was encoded as %s, which is wrong: %v", raw, first, err)
		}
		second, err := odb.Encode(again)
		if err != nil || string(first) != string(second) || !json.Valid(first) {
			t.Fatalf("%s was encoded as %s and then as %s, %v", raw, first, second, err)
		}
	})
}
