package security

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func basicHeader(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func credentials(h *harness) []odb.Definition {
	h.env["PW"] = "pa:ss wörd"
	h.env["KEY"] = "key-12345678"
	h.env["OTHER"] = "other-12345678"
	return []odb.Definition{
		def("partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"},"realm":"The \"B2B\""}`),
		def("twin", `{"type":"basic","username":"bob","password":{"ref":"env:PW"}}`),
		def("machine", `{"type":"apikey","username":"robot","key":{"ref":"env:KEY"}}`),
		def("odd", `{"type":"apikey","header":"Authorization","prefix":"Token","key":{"ref":"env:KEY"}}`),
		def("other", `{"type":"apikey","header":"x-other","key":{"ref":"env:OTHER"}}`),
		def("off", `{"type":"apikey","header":"X-Off","key":{"ref":"env:OTHER"},"enabled":false}`),
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.apply(t, credentials(h)...)
	good := basicHeader("ann", "pa:ss wörd")
	const pw = "pa:ss wörd"
	tests := map[string]struct {
		names   []string
		headers []string
		who     string // "security/user", or the code of the refusal and its reason
	}{
		"basic":                    {[]string{"partner"}, []string{"Authorization", good}, "partner/ann"},
		"basic, scheme in capital": {[]string{"partner"}, []string{"Authorization", "BASIC" + good[5:]}, "partner/ann"},
		"basic, second of two":     {[]string{"machine", "partner"}, []string{"Authorization", good}, "partner/ann"},
		"basic, twins":             {[]string{"partner", "twin"}, []string{"Authorization", basicHeader("bob", pw)}, "twin/bob"},
		"key":                      {[]string{"machine"}, []string{"X-API-Key", "key-12345678"}, "machine/robot"},
		"key with prefix":          {[]string{"odd"}, []string{"Authorization", "Token key-12345678"}, "odd/"},
		"key, prefix in any case":  {[]string{"odd"}, []string{"Authorization", "token  key-12345678"}, "odd/"},
		"key beside bad basic":     {[]string{"partner", "machine"}, []string{"Authorization", basicHeader("ann", "x"), "X-API-Key", "key-12345678"}, "machine/robot"},

		"nothing":              {[]string{"partner", "machine"}, nil, "unauthorized no_credentials"},
		"wrong password":       {[]string{"partner"}, []string{"Authorization", basicHeader("ann", "pa:ss")}, "unauthorized unknown_credentials"},
		"wrong user":           {[]string{"partner"}, []string{"Authorization", basicHeader("anne", pw)}, "unauthorized unknown_credentials"},
		"empty password":       {[]string{"partner"}, []string{"Authorization", basicHeader("ann", "")}, "unauthorized unknown_credentials"},
		"not base64":           {[]string{"partner"}, []string{"Authorization", "Basic %%%"}, "unauthorized no_credentials"},
		"no colon":             {[]string{"partner"}, []string{"Authorization", "Basic YW5u"}, "unauthorized no_credentials"},
		"scheme alone":         {[]string{"partner"}, []string{"Authorization", "Basic"}, "unauthorized no_credentials"},
		"scheme and blank":     {[]string{"partner"}, []string{"Authorization", "Basic "}, "unauthorized no_credentials"},
		"two headers":          {[]string{"partner"}, []string{"Authorization", good, "Authorization", good}, "unauthorized no_credentials"},
		"two keys":             {[]string{"machine"}, []string{"X-API-Key", "key-12345678", "X-API-Key", "x"}, "unauthorized no_credentials"},
		"empty key":            {[]string{"machine"}, []string{"X-API-Key", ""}, "unauthorized no_credentials"},
		"key without prefix":   {[]string{"odd"}, []string{"Authorization", "key-12345678"}, "unauthorized no_credentials"},
		"prefix alone":         {[]string{"odd"}, []string{"Authorization", "Token "}, "unauthorized no_credentials"},
		"beginning of the key": {[]string{"machine"}, []string{"X-API-Key", "key-1234567"}, "unauthorized unknown_credentials"},
		"longer than the key":  {[]string{"machine"}, []string{"X-API-Key", "key-123456789"}, "unauthorized unknown_credentials"},
		"very long key":        {[]string{"machine"}, []string{"X-API-Key", strings.Repeat("k", maxCredential+1)}, "unauthorized no_credentials"},
		"very long basic":      {[]string{"partner"}, []string{"Authorization", basicHeader("ann", strings.Repeat("k", maxCredential))}, "unauthorized no_credentials"},
		"long wrong basic":     {[]string{"partner"}, []string{"Authorization", basicHeader("ann", strings.Repeat("k", 2000))}, "unauthorized unknown_credentials"},
		"switched off":         {[]string{"off"}, []string{"X-Off", "other-12345678"}, "unauthorized no_credentials"},
		"no such definition":   {[]string{"gone"}, []string{"Authorization", basicHeader("x", "y")}, "unauthorized no_credentials"},

		"basic of another":          {[]string{"partner"}, []string{"Authorization", basicHeader("bob", pw)}, "forbidden other_definition"},
		"key of another header":     {[]string{"machine"}, []string{"X-Other", "other-12345678"}, "forbidden other_definition"},
		"right key in other header": {[]string{"machine"}, []string{"X-Other", "key-12345678"}, "unauthorized no_credentials"},
		"basic where key is wanted": {[]string{"machine"}, []string{"Authorization", good}, "forbidden other_definition"},
		"off is nobody's":           {[]string{"machine"}, []string{"X-Off", "other-12345678"}, "unauthorized no_credentials"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, err := h.Authenticate(request(tc.headers...), tc.names)
			got := ""
			if r, ok := errors.AsType[*Refusal](err); ok {
				got = r.Code + " " + r.Reason()
			} else if id != nil {
				got = id.Security + "/" + id.Name
			}
			if got != tc.who || (id == nil) == (err == nil) {
				t.Errorf("Authenticate() = %s (%v), want %s", got, err, tc.who)
			}
		})
	}
}

func TestRefusalTellsHow(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.env["HS"] = strings.Repeat("s", 32)
	defs := append(credentials(h), def("tokens", `{"type":"jwt","algorithms":["HS256"],"secret":{"ref":"env:HS"}}`))
	h.apply(t, defs...)
	tests := map[string]struct {
		names   []string
		headers []string
		status  int
		is      error
		want    []string
	}{
		"every way once": {
			[]string{"partner", "machine", "twin", "odd", "tokens", "off", "partner"},
			nil, 401, ErrUnknown,
			[]string{`Basic realm="The \"B2B\"", charset="UTF-8"`, `ApiKey realm="Signalbox", header="X-Api-Key"`, `Basic realm="Signalbox", charset="UTF-8"`, `Token realm="Signalbox"`, `Bearer realm="Signalbox"`},
		},
		"bad token": {
			[]string{"tokens"},
			[]string{"Authorization", "Bearer x.y.z"},
			401, ErrUnknown,
			[]string{`Bearer realm="Signalbox", error="invalid_token"`},
		},
		"forbidden": {[]string{"machine"}, []string{"Authorization", basicHeader("bob", "pa:ss wörd")}, 403, ErrForbidden, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := h.Authenticate(request(tc.headers...), tc.names)
			r, ok := errors.AsType[*Refusal](err)
			if !ok || r.Status != tc.status || !errors.Is(err, tc.is) {
				t.Fatalf("Authenticate() = %v", err)
			}
			if !slices.Equal(r.Challenges, tc.want) {
				t.Errorf("challenges\n%q, want\n%q", r.Challenges, tc.want)
			}
			if strings.Contains(err.Error(), "twin") {
				t.Errorf("the client would learn the owner: %v", err)
			}
		})
	}
	if got := h.Refusals(); got["no_credentials"] != 1 || got["bad_token"] != 1 || got["other_definition"] != 1 {
		t.Errorf("Refusals() = %v", got)
	}
}

func TestApplyReplacesAndKeeps(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.env["PW"] = "first-pw"
	names := []string{"partner"}
	works := func(user, password string) bool {
		_, err := h.Authenticate(request("Authorization", basicHeader(user, password)), names)
		return err == nil
	}
	spec := `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`
	h.apply(t, def("partner", spec))
	if !works("ann", "first-pw") {
		t.Fatal("the first password does not work")
	}

	h.env["PW"] = "second-pw" // no revision says so
	h.apply(t, def("partner", spec))
	if !works("ann", "second-pw") || works("ann", "first-pw") {
		t.Error("a changed variable is not taken over by the next Apply")
	}

	delete(h.env, "PW")
	changed := def("partner", `{"type":"basic","username":"eve","password":{"ref":"env:PW"}}`)
	for range 2 { // the problem lasts
		problems := h.Apply(t.Context(), snapshot(t, changed))
		if len(problems) != 1 || problems[0].Name != "partner" || !strings.Contains(problems[0].Reason, "PW is not set") {
			t.Fatalf("problems = %+v", problems)
		}
		if !works("ann", "second-pw") {
			t.Error("the last working state is gone")
		}
	}

	off := def("partner", `{"type":"basic","username":"eve","password":{"ref":"env:PW"},"enabled":false}`)
	h.apply(t, off)
	if works("ann", "second-pw") {
		t.Error("a definition that was switched off still opens")
	}

	h.env["PW"] = "third-pw"
	renamed := changed
	renamed.Name = "partner2"
	h.apply(t, renamed)
	if works("eve", "third-pw") {
		t.Error("the old name still opens")
	}
	names = []string{"partner2"}
	if id, err := h.Authenticate(request("Authorization", basicHeader("eve", "third-pw")), names); err != nil || id.Security != "partner2" {
		t.Errorf("after the rename: %+v, %v", id, err)
	}
	h.apply(t)
	if works("eve", "third-pw") {
		t.Error("a deleted definition still opens")
	}
}

func TestCredentialThatNeverWorked(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	snap := snapshot(t, def("partner", `{"type":"basic","username":"ann","password":{"ref":"env:PW"}}`),
		def("machine", `{"type":"apikey","key":{"ref":"env:PW"}}`))
	if problems := h.Apply(t.Context(), snap); len(problems) != 2 {
		t.Fatalf("problems = %+v", problems)
	}
	for name, header := range map[string][]string{
		"partner": {"Authorization", basicHeader("ann", "x")},
		"machine": {"X-API-Key", "x"},
	} {
		_, err := h.Authenticate(request(header...), []string{name})
		r, ok := errors.AsType[*Refusal](err)
		if !ok || r.Status != 503 || r.Code != CodeNoCredentials || r.RetryAfter <= 0 || !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v, want a 503", name, err)
		}
		if _, err := h.Authenticate(request(), []string{name}); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s without credentials: %v, want a 401", name, err)
		}
	}
	h.env["PW"] = "now-there"
	if problems := h.Apply(t.Context(), snap); len(problems) != 0 {
		t.Errorf("problems = %+v", problems)
	}
	if _, err := h.Authenticate(request("X-API-Key", "now-there"), []string{"machine"}); err != nil {
		t.Errorf("after the variable was set: %v", err)
	}
}

func TestUnchangedIsKept(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	spec := basicSpec(odb.ClearSecret("hunter22"))
	if err := h.sealer.Seal("security", "partner", spec, nil); err != nil {
		t.Fatal(err)
	}
	raw, err := odb.Encode(spec)
	if err != nil {
		t.Fatal(err)
	}
	h.apply(t, def("partner", string(raw)))
	before := h.table.Load().byName["partner"]
	h.apply(t, def("partner", string(raw)))
	if h.table.Load().byName["partner"] != before {
		t.Error("an unchanged definition was built again")
	}
}

func TestCredentialHeaders(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.apply(t, credentials(h)...)
	got := slices.Sorted(slices.Values(h.CredentialHeaders()))
	want := []string{"Authorization", "Proxy-Authorization", "X-Api-Key", "X-Off", "X-Other"}
	if !slices.Equal(got, want) {
		t.Errorf("CredentialHeaders() = %q, want %q", got, want)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.env["HS"] = strings.Repeat("s", 32)
	h.apply(t, append(credentials(h), def("tokens", `{"type":"jwt","algorithms":["HS256"],"secret":{"ref":"env:HS"}}`))...)
	tests := map[string]struct{ header, value, fault string }{
		"partner": {"Authorization", basicHeader("ann", "pa:ss wörd"), ""},
		"machine": {"X-Api-Key", "key-12345678", ""},
		"odd":     {"Authorization", "Token key-12345678", ""},
		"off":     {"", "", "disabled"},
		"tokens":  {"", "", "type jwt"},
		"gone":    {"", "", "no security definition"},
	}
	for name, tc := range tests {
		add, err := h.Present(name)
		if tc.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tc.fault) {
				t.Errorf("Present(%s) = %v, want %q", name, err, tc.fault)
			}
			continue
		}
		r := request(tc.header, "old")
		if err != nil || add(r) != nil || !slices.Equal(r.Header[tc.header], []string{tc.value}) {
			t.Errorf("Present(%s): %v, header %q, want %q", name, err, r.Header[tc.header], tc.value)
		}
	}

	add, err := h.Present("machine")
	if err != nil {
		t.Fatal(err)
	}
	h.env["KEY"] = "changed-12345678"
	h.apply(t, def("machine", `{"type":"apikey","username":"robot","key":{"ref":"env:KEY"}}`))
	r := request()
	if err := add(r); err != nil || r.Header.Get("X-API-Key") != "changed-12345678" {
		t.Errorf("after a change: %q, %v", r.Header.Get("X-API-Key"), err)
	}
	h.apply(t)
	if err := add(request()); err == nil {
		t.Error("a deleted definition is still presented")
	}
}

// What Present adds, Authenticate takes.
func TestPresentMeetsAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.apply(t, credentials(h)...)
	for _, name := range []string{"partner", "machine", "odd", "other"} {
		add, err := h.Present(name)
		if err != nil {
			t.Fatal(err)
		}
		r := request()
		if err := add(r); err != nil {
			t.Fatal(err)
		}
		if id, err := h.Authenticate(r, []string{name}); err != nil || id.Security != name {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil {
		t.Error("New() without secrets = nil")
	}
}

func FuzzAuthorization(f *testing.F) {
	h := newHarness(f)
	h.env["HS"] = strings.Repeat("s", 32)
	h.apply(f, append(credentials(h), def("tokens", `{"type":"jwt","algorithms":["HS256"],"secret":{"ref":"env:HS"}}`))...)
	for _, s := range []string{basicHeader("ann", "pa:ss wörd"), "Basic", "Basic =", "Bearer a.b.c", "Token key-12345678", "basic \x00", "Bearer e30.e30.e30"} {
		f.Add(s, s)
	}
	names := []string{"partner", "machine", "odd", "tokens"}
	f.Fuzz(func(t *testing.T, auth, key string) {
		r := request()
		r.Header["Authorization"] = []string{auth}
		r.Header["X-Api-Key"] = []string{key}
		id, err := h.Authenticate(r, names)
		if (id == nil) == (err == nil) {
			t.Fatalf("Authenticate() = %v, %v", id, err)
		}
		if id == nil {
			return
		}
		user, password, _ := (&http.Request{Header: r.Header}).BasicAuth()
		rest, _ := strings.CutPrefix(strings.ToLower(auth), "token")
		switch { // whoever gets in has said a secret
		case id.Security == "partner" && user == "ann" && password == "pa:ss wörd":
		case id.Security == "machine" && key == "key-12345678":
		case id.Security == "odd" && strings.HasSuffix(auth, "key-12345678") && strings.TrimSpace(rest) == "key-12345678":
		default:
			t.Fatalf("%q and %q opened as %+v", auth, key, id)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	h := newHarness(b)
	h.apply(b, credentials(h)...)
	for name, r := range map[string]*http.Request{
		"basic":  request("Authorization", basicHeader("ann", "pa:ss wörd")),
		"apikey": request("X-API-Key", "key-12345678"),
		"wrong":  request("X-API-Key", "key-1234567x"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			names := []string{"partner", "machine"}
			for b.Loop() {
				if _, err := h.Authenticate(r, names); (err == nil) == (name == "wrong") {
					b.Fatal(err)
				}
			}
		})
	}
}
