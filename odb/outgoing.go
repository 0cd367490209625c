package odb

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// OutgoingSpec is a connection to another system, used by services by its name.
type OutgoingSpec struct {
	Type    string `json:"type" title:"Type" help:"What is at the far side." enum:"http,sql" default:"http"`
	Enabled bool   `json:"enabled" title:"Enabled" help:"Calls through a disabled connection fail at once." default:"true"`

	URL            string            `json:"url" title:"URL" help:"Base address; a service adds a path below it. May have {name} parameters." when:"type=http" required:"true" example:"https://api.partner.example/v1/customers/{id}"`
	Headers        map[string]string `json:"headers" title:"Headers" help:"Headers sent with every request." when:"type=http"`
	Query          map[string]string `json:"query" title:"Query" help:"Query parameters sent with every request." when:"type=http"`
	Security       string            `json:"security" title:"Security" help:"The credential presented: Basic or API key." ref:"security" when:"type=http"`
	Timeout        Duration          `json:"timeout" title:"Timeout" help:"Longest time for one attempt, answer included; the caller's deadline may be shorter." when:"type=http" default:"30s"`
	Retries        int               `json:"retries" title:"Retries" help:"Further attempts after a fault or 502, 503, 504, only where safe: idempotent methods, or when nothing was sent." when:"type=http" default:"2" min:"0" max:"10"`
	Breaker        BreakerRules      `json:"breaker" title:"Circuit breaker" help:"Stops asking a far side that keeps failing." when:"type=http"`
	TLS            TLSRules          `json:"tls" title:"TLS" help:"How the far side is recognised and what we present." when:"type=http"`
	FollowRedirect bool              `json:"follow_redirects" title:"Follow redirects" help:"Follow up to 10 redirects on the same host; else a redirect is the answer." when:"type=http"`
	MaxAnswer      Size              `json:"max_answer" title:"Largest answer" help:"A larger answer is an error." when:"type=http" default:"10MiB"`
	PingMethod     string            `json:"ping_method" title:"Ping method" help:"Method of the health request." when:"type=http" enum:"HEAD,GET,OPTIONS" default:"HEAD"`
	PingPath       string            `json:"ping_path" title:"Ping path" help:"Path of the health request, below the URL; any answer below 500 means up." when:"type=http"`
	Allow          []string          `json:"allow" title:"Allowed networks" help:"Private, loopback, link-local and cloud-metadata addresses are refused unless a network here has them." when:"type=http,sql" example:"10.20.0.0/16"`

	Driver         string            `json:"driver" title:"Driver" help:"Which database." when:"type=sql" enum:"sqlite,postgres,mysql,oracle" default:"postgres"`
	Host           string            `json:"host" title:"Host" help:"Name or address of the server; not for sqlite." when:"type=sql"`
	Port           int               `json:"port" title:"Port" help:"Port of the server; 0 means the database's usual one." when:"type=sql" min:"0" max:"65535"`
	Database       string            `json:"database" title:"Database" help:"Name of the database or Oracle service; with sqlite a file in the node's data folder." when:"type=sql" required:"true"`
	Username       string            `json:"username" title:"User" help:"User that connects." when:"type=sql"`
	Password       Secret            `json:"password" title:"Password" help:"The user's password." when:"type=sql"`
	Options        map[string]string `json:"options" title:"Options" help:"Driver options; only those known to be harmless are taken." when:"type=sql"`
	Init           []string          `json:"init" title:"First statements" help:"Statements run when the connection is made the first time, such as CREATE TABLE IF NOT EXISTS; they must bear repeating." when:"type=sql" multiline:"true"`
	MaxOpen        int               `json:"max_open" title:"Most connections" help:"Connections at a time, per node." when:"type=sql" default:"10" min:"1" max:"1000"`
	MaxIdle        int               `json:"max_idle" title:"Idle connections" help:"Connections kept open without use." when:"type=sql" default:"2" min:"0" max:"1000"`
	MaxLifetime    Duration          `json:"max_lifetime" title:"Longest life" help:"A connection is replaced after this time." when:"type=sql" default:"30m"`
	QueryTimeout   Duration          `json:"query_timeout" title:"Query timeout" help:"Longest time of one statement; the caller's deadline may be shorter." when:"type=sql" default:"30s"`
	MaxRows        int               `json:"max_rows" title:"Most rows" help:"A query that answers more is an error, never cut in silence." when:"type=sql" default:"10000" min:"1" max:"1000000"`
	ConnectTimeout Duration          `json:"connect_timeout" title:"Connect timeout" help:"Longest time to reach the far side." default:"5s"`
	PingEvery      Duration          `json:"ping_every" title:"Ping every" help:"How often the far side's health is looked at; 0s means only by use." default:"30s"`
	Description    string            `json:"description" title:"Description" help:"For people." multiline:"true"`
}

// BreakerRules say when a circuit breaker opens and for how long.
type BreakerRules struct {
	Failures int      `json:"failures" title:"Failures" help:"Failures in a row that open the breaker; 0 switches it off." default:"5" min:"0" max:"1000"`
	OpenFor  Duration `json:"open_for" title:"Open for" help:"How long calls fail at once before one is let through as a trial." default:"10s"`
}

// TLSRules are the TLS options of a connection.
type TLSRules struct {
	CA         string `json:"ca" title:"CA certificates" help:"PEM certificates that the far side must chain to; empty means the system's." multiline:"true"`
	Cert       string `json:"cert" title:"Client certificate" help:"PEM certificate that we present." multiline:"true"`
	Key        Secret `json:"key" title:"Client key" help:"PEM key of the client certificate."`
	ServerName string `json:"server_name" title:"Server name" help:"Name expected in the far side's certificate; empty means the URL's host."`
	MinVersion string `json:"min_version" title:"Oldest version" help:"Oldest TLS version spoken." enum:"1.2,1.3" default:"1.2"`
	SkipVerify bool   `json:"skip_verify" title:"Skip verification" help:"Accept any certificate. Only for tests: it takes all protection away."`
}

// Validate checks what tags cannot.
func (s *OutgoingSpec) Validate() Faults {
	var f Faults
	for i, a := range s.Allow {
		if _, err := ParsePrefix(a); err != nil {
			f.Add("/allow/"+strconv.Itoa(i), "%v", err)
		}
	}
	if s.Type == "sql" {
		s.validateSQL(&f)
		return f
	}
	s.validateHTTP(&f)
	return f
}

func (s *OutgoingSpec) validateHTTP(f *Faults) {
	if _, err := PathParams(s.URL); err != nil {
		f.Add("/url", "%v", err)
	}
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(s.URL))
	switch {
	case err != nil:
		f.Add("/url", "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		f.Add("/url", "is %q; an address such as https://api.partner.example/v1 is needed", s.URL)
	case u.User != nil:
		f.Add("/url", "has credentials in it; put them into a security definition and name it in security")
	case strings.ContainsAny(beforePath(s.URL), "{}"):
		f.Add("/url", "has a parameter in the host; parameters may stand only in the path")
	}
	for _, name := range sortedKeys(s.Headers) {
		if !validHeader(name, s.Headers[name]) {
			f.Add("/headers/"+escapePointer(name), "is not a valid header")
		}
	}
	if (s.TLS.Cert == "") != s.TLS.Key.IsZero() {
		f.Add("/tls/key", "a client certificate and its key go together")
	}
	if s.Timeout == 0 {
		f.Add("/timeout", "is 0; a length of time is needed")
	}
}

// beforePath returns scheme and host of a URL, textually.
func beforePath(raw string) string {
	if i := strings.Index(raw, "://"); i >= 0 {
		if j := strings.IndexByte(raw[i+3:], '/'); j >= 0 {
			return raw[:i+3+j]
		}
	}
	return raw
}

var paramText = regexp.MustCompile(`\{([^{}]*)\}`)

// PathParams returns the names of the {name} parameters of a URL.
func PathParams(raw string) ([]string, error) {
	var names []string
	for _, m := range paramText.FindAllStringSubmatch(raw, -1) {
		if !isIdentifier(m[1]) {
			return nil, Errorf(Invalid, "parse URL", "", "the parameter {%s} has no good name; use letters, digits and _", m[1])
		}
		names = append(names, m[1])
	}
	if strings.ContainsAny(paramText.ReplaceAllString(raw, ""), "{}") {
		return nil, Errorf(Invalid, "parse URL", "", "a brace is not closed")
	}
	return names, nil
}

// sqlOptions are the driver options that may be set: none of them can name a
// file, a command or a class to load.
func sqlOptions(driver string) []string {
	return map[string][]string{
		"sqlite":   {"journal_mode", "synchronous", "busy_timeout", "foreign_keys"},
		"postgres": {"sslmode", "application_name", "search_path", "timezone", "statement_timeout", "target_session_attrs"},
		"mysql":    {"tls", "charset", "collation", "time_zone", "sql_mode"},
		"oracle":   {"SSL", "SSL VERIFY", "SID", "PREFETCH_ROWS", "LOB FETCH"},
	}[driver]
}

func (s *OutgoingSpec) validateSQL(f *Faults) {
	if s.Driver == "sqlite" {
		if s.Host != "" || s.Port != 0 || s.Username != "" || !s.Password.IsZero() {
			f.Add("/host", "sqlite is a file: host, port, username and password do not apply")
		}
		if strings.ContainsAny(s.Database, "/\\\x00:?") || strings.HasPrefix(s.Database, ".") {
			f.Add("/database", "is %q; with sqlite a plain file name in the node's data folder is needed", s.Database)
		}
	} else if s.Host == "" {
		f.Add("/host", "host is required for %s", s.Driver)
	}
	allowed := sqlOptions(s.Driver)
	for _, name := range sortedKeys(s.Options) {
		if !slices.Contains(allowed, name) {
			f.Add("/options/"+escapePointer(name), "is not allowed for %s; allowed are %s", s.Driver, strings.Join(allowed, ", "))
		}
	}
	if s.QueryTimeout == 0 {
		f.Add("/query_timeout", "is 0; a length of time is needed")
	}
}
