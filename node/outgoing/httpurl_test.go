package outgoing

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	const api = "https://api.example/v1/customers/{id}"
	tests := map[string]struct {
		base, path string
		params     map[string]string
		query      url.Values
		want       string
	}{
		"base alone":        {base: "https://api.example", want: "https://api.example"},
		"base with slash":   {base: "https://api.example/v1/", want: "https://api.example/v1/"},
		"below":             {base: "https://api.example/v1", path: "/orders", want: "https://api.example/v1/orders"},
		"no double slash":   {base: "https://api.example/v1/", path: "/orders", want: "https://api.example/v1/orders"},
		"no slash":          {base: "https://api.example/v1", path: "orders/", want: "https://api.example/v1/orders/"},
		"port":              {base: "http://127.0.0.1:81/x", path: "y", want: "http://127.0.0.1:81/x/y"},
		"IPv6":              {base: "http://[::1]:81/x", path: "y", want: "http://[::1]:81/x/y"},
		"parameter":         {base: api, params: map[string]string{"id": "7"}, want: "https://api.example/v1/customers/7"},
		"two places":        {base: api, path: "{id}/{x}", params: map[string]string{"id": "7", "x": "y"}, want: "https://api.example/v1/customers/7/7/y"},
		"slash in value":    {base: api, params: map[string]string{"id": "a/b"}, want: "https://api.example/v1/customers/a%2Fb"},
		"all in value":      {base: api, params: map[string]string{"id": "ü ?#%&="}, want: "https://api.example/v1/customers/%C3%BC%20%3F%23%25&="},
		"escaped in value":  {base: api, params: map[string]string{"id": "%41"}, want: "https://api.example/v1/customers/%2541"},
		"value in a step":   {base: "https://api.example/v{n}.json", params: map[string]string{"n": "1"}, want: "https://api.example/v1.json"},
		"literal":           {base: "https://api.example", path: "/ü x/%41/a:b@c;d=e", want: "https://api.example/%C3%BC%20x/%41/a:b@c;d=e"},
		"bare percent":      {base: "https://api.example", path: "/100%", want: "https://api.example/100%25"},
		"dots in a name":    {base: "https://api.example", path: "/a..b/...", want: "https://api.example/a..b/..."},
		"query":             {base: "https://api.example/?a=1&b=2", query: url.Values{"b": {"3", "4"}, "c": {"&"}}, want: "https://api.example/?a=1&b=3&b=4&c=%26"},
		"query taken out":   {base: "https://api.example/?a=1&b=2", query: url.Values{"b": nil}, want: "https://api.example/?a=1"},
		"missing":           {base: api, want: "error: no value for {id}"},
		"empty":             {base: api, params: map[string]string{"id": ""}, want: "error: {id} is empty"},
		"left over":         {base: "https://api.example", params: map[string]string{"id": "7"}, want: `error: "id" of params`},
		"absolute":          {base: api, path: "http://evil.example/", want: "error: address of its own"},
		"other scheme":      {base: api, path: "file://x", want: "error: address of its own"},
		"no scheme":         {base: api, path: "//evil.example/", want: "error: address of its own"},
		"question mark":     {base: "https://api.example", path: "/x?a=1", want: "error: ? or #"},
		"fragment":          {base: "https://api.example", path: "/x#a", want: "error: ? or #"},
		"up":                {base: "https://api.example/v1", path: "../x", want: "error: . or .."},
		"up later":          {base: "https://api.example/v1", path: "a/../../x", want: "error: . or .."},
		"here":              {base: "https://api.example/v1", path: "./x", want: "error: . or .."},
		"escaped up":        {base: "https://api.example/v1", path: "%2e%2E/x", want: "error: . or .."},
		"twice escaped up":  {base: "https://api.example/v1", path: "%252e%252e/x", want: "error: . or .."},
		"backslash up":      {base: "https://api.example/v1", path: `a\..\x`, want: "error: . or .."},
		"up by value":       {base: api, params: map[string]string{"id": ".."}, want: "error: . or .."},
		"up inside value":   {base: api, params: map[string]string{"id": "x/../../y"}, want: "error: . or .."},
		"up by two values":  {base: "https://api.example/{a}{b}", params: map[string]string{"a": ".", "b": "."}, want: "error: . or .."},
		"open brace":        {base: "https://api.example", path: "/{x", want: "error: not closed"},
		"nameless":          {base: "https://api.example", path: "/{}", want: "error: without a good name"},
		"base fragment":     {base: "https://api.example/#x", want: "error: fragment"},
		"base credentials":  {base: "https://u:p@api.example/", want: "error: without credentials"},
		"base no host":      {base: "https:///x", want: "error: with a host"},
		"base other scheme": {base: "ftp://api.example/x", want: "error: http or https"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			base, err := parseBase(tc.base)
			if err == nil {
				var u *url.URL
				if u, err = base.build(tc.path, tc.params, tc.query); err == nil {
					got = u.String()
				}
			}
			if want, isErr := strings.CutPrefix(tc.want, "error: "); isErr {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("build = %q, %v; want an error with %q", got, err, want)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("build = %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestPingGoesToWhatIsFixed(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://api.example/v1/customers/{id}": "https://api.example/v1/customers/health",
		"https://api.example/v1":                "https://api.example/v1/health",
		"https://api.example/a{b}/c":            "https://api.example/health",
	} {
		base, err := parseBase(raw)
		if err != nil {
			t.Fatal(err)
		}
		u, err := base.fixed().build("/health", nil, nil)
		if err != nil || u.String() != want {
			t.Errorf("%s: %v, %v; want %s", raw, u, err, want)
		}
	}
}

// FuzzURL checks that whatever a service hands in, the request goes to the
// definition's host, below the definition's path, with as many steps as written.
func FuzzURL(f *testing.F) {
	for _, s := range [][2]string{
		{"/orders/{x}", "7"},
		{"../{x}", ".."},
		{"{x}", "a/b"},
		{"%2e%2e/{x}", "%2e"},
		{"//evil/{x}", "@evil"},
		{"a\\{x}", "\\..\\"},
		{"{x}?a", "?"},
		{"{x}{x}", "."},
		{"http://e/{x}", ":"},
		{"{x}%", "2e"},
		{"%{x}", "2e%2e"},
		{"%2{x}", "e"},
	} {
		f.Add(s[0], s[1])
	}
	base, err := parseBase("https://api.example:8443/v1/base")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, template, value string) {
		params := map[string]string{}
		if strings.Contains(template, "{x}") {
			params["x"] = value
		}
		u, err := base.build(template, params, nil)
		if err != nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil {
			t.Fatalf("%q: %v", u, err)
		}
		if again.Scheme != "https" || again.Host != "api.example:8443" || again.User != nil || again.RawQuery != "" || again.Fragment != "" {
			t.Errorf("%q with %q leads to %q", template, value, u)
		}
		if clean := path.Clean(again.Path); clean != "/v1/base" && !strings.HasPrefix(clean, "/v1/base/") {
			t.Errorf("%q with %q climbs to %q", template, value, clean)
		}
		want := strings.Count(strings.TrimPrefix(template, "/"), "/")
		if template != "" {
			want++
		}
		if got := strings.Count(again.EscapedPath(), "/") - 2; got != want {
			t.Errorf("%q with %q has %d steps in %q, want %d", template, value, got, u, want)
		}
	})
}

func TestClimbs(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]bool{
		"": false, "a": false, ".": true, "..": true, "...": false, ".a": false, "%2e": true, "%252e": true, "%25252e": true,
		"a%2f..": true, "a%5c..%5cb": true, "a..": false, "%zz": false, "%2e%zz": false,
	} {
		if got := climbs(step); got != want {
			t.Errorf("climbs(%q) = %v", step, got)
		}
	}
}
