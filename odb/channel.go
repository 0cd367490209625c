package odb

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// ChannelSpec is an inbound endpoint that calls a service.
type ChannelSpec struct {
	Transport   string            `json:"transport" title:"Transport" help:"How messages come in." enum:"http" default:"http"`
	Enabled     bool              `json:"enabled" title:"Enabled" help:"A disabled channel answers as if it were not there." default:"true"`
	Method      string            `json:"method" title:"Method" help:"HTTP method; ANY takes all of them." enum:"GET,POST,PUT,PATCH,DELETE,ANY" default:"GET"`
	Path        string            `json:"path" title:"Path" help:"Path with {name} for one segment and {name...} as the last part for the rest. The most specific pattern wins." required:"true" example:"/orders/{id}"`
	Service     string            `json:"service" title:"Service" help:"The service that answers." ref:"service" required:"true"`
	Security    []string          `json:"security" title:"Security" help:"Any one of these credentials opens the channel; none means everybody may call it." ref:"security"`
	Body        string            `json:"body" title:"Body" help:"What the body may be. auto goes by Content-Type (JSON, XML, form or CSV) and refuses others with 415; text and binary hand the bytes over as a text or as base64." enum:"auto,json,xml,form,csv,text,binary,none" default:"auto"`
	MaxBody     Size              `json:"max_body" title:"Largest body" help:"A larger body is refused with 413." default:"1MiB"`
	Params      string            `json:"params" title:"Parameters" help:"merge: path and query parameters become fields of an object input (path wins over body, body over query); separate: they are only in ctx.http." enum:"merge,separate" default:"merge"`
	Answer      string            `json:"answer" title:"Answer" help:"auto goes by the Accept header, JSON first; json or xml answers only that. What the client does not accept is refused with 406." enum:"auto,json,xml" default:"auto"`
	Status      int               `json:"status" title:"Status" help:"Status of a successful answer unless the service sets one." default:"200" min:"200" max:"299"`
	Headers     map[string]string `json:"headers" title:"Headers" help:"Headers added to every answer."`
	Timeout     Duration          `json:"timeout" title:"Timeout" help:"Longest time for the whole request; the service's own timeout may be shorter. A longer call is answered 504." default:"60s"`
	XML         XMLRules          `json:"xml" title:"XML" help:"How XML bodies and answers map to objects."`
	CORS        CORSRules         `json:"cors" title:"CORS" help:"Which web pages of other origins may call the channel from a browser."`
	RateLimit   RateLimit         `json:"rate_limit" title:"Rate limit" help:"Requests beyond it are refused with 429. Counted per node."`
	AllowIPs    []string          `json:"allow_ips" title:"Allowed addresses" help:"Addresses or CIDR networks that may call; empty means all. Others get 403." example:"10.1.0.0/16"`
	Description string            `json:"description" title:"Description" help:"For people." multiline:"true"`
}

// XMLRules say how XML maps to objects and back on a channel.
type XMLRules struct {
	Root       string            `json:"root" title:"Root element" help:"Name of the root element of XML answers." default:"response"`
	Namespaces map[string]string `json:"namespaces" title:"Namespaces" help:"Prefix to namespace URI. Elements of these namespaces get these prefixes whatever the sender's are; the empty prefix is written _."`
	Arrays     []string          `json:"arrays" title:"Arrays" help:"Elements that are lists even when there is one."`
	Strip      bool              `json:"strip" title:"Strip prefixes" help:"Drop all namespaces and prefixes on the way in."`
}

// CORSRules say which web pages of other origins may call a channel.
type CORSRules struct {
	Origins     []string `json:"origins" title:"Origins" help:"Origins that may call, * for all; empty switches CORS off." example:"https://shop.example"`
	Headers     []string `json:"headers" title:"Request headers" help:"Headers that a page may send beyond the simple ones."`
	Expose      []string `json:"expose" title:"Exposed headers" help:"Answer headers that a page may read."`
	Credentials bool     `json:"credentials" title:"Credentials" help:"Let pages send cookies and credentials; not together with the origin *."`
	MaxAge      Duration `json:"max_age" title:"Max age" help:"How long a browser may remember the answer to a preflight." default:"10m"`
}

// RateLimit admits so many requests in a length of time.
type RateLimit struct {
	Requests int      `json:"requests" title:"Requests" help:"How many requests; 0 switches the limit off." min:"0" max:"10000000"`
	Per      Duration `json:"per" title:"Per" help:"In which time." default:"1s"`
	Burst    int      `json:"burst" title:"Burst" help:"How many may come at once; 0 means as many as Requests." min:"0" max:"10000000"`
	By       string   `json:"by" title:"Counted by" help:"Whose requests are counted together: everybody's on the channel, each client address's, or each authenticated user's." enum:"channel,ip,user" default:"channel"`
}

// Validate checks what tags cannot: the path, the address lists and CORS.
func (s *ChannelSpec) Validate() Faults {
	var f Faults
	if _, err := ParsePattern(s.Path); err != nil {
		f.Add("/path", "%v", err)
	}
	for i, a := range s.AllowIPs {
		if _, err := ParsePrefix(a); err != nil {
			f.Add("/allow_ips/"+strconv.Itoa(i), "%v", err)
		}
	}
	for i, o := range s.CORS.Origins {
		if o == "*" && s.CORS.Credentials {
			f.Add("/cors/credentials", "credentials cannot be allowed for the origin *; name the origins")
		}
		if o != "*" && !strings.HasPrefix(o, "http://") && !strings.HasPrefix(o, "https://") {
			f.Add("/cors/origins/"+strconv.Itoa(i), "is %q; an origin such as https://shop.example or * is needed", o)
		}
	}
	if s.RateLimit.Requests > 0 && s.RateLimit.Per == 0 {
		f.Add("/rate_limit/per", "is 0; a length of time is needed")
	}
	for _, name := range sortedKeys(s.Headers) {
		if !validHeader(name, s.Headers[name]) {
			f.Add("/headers/"+escapePointer(name), "is not a valid header")
		}
	}
	if s.MaxBody == 0 && s.Body != "none" {
		f.Add("/max_body", "is 0; to refuse bodies set body to none")
	}
	if s.Timeout == 0 {
		f.Add("/timeout", "is 0; a length of time is needed")
	}
	return f
}

// Claims makes one method and path shape unique: /a/{x} and /a/{y} are the same.
func (s *ChannelSpec) Claims() []string {
	p, err := ParsePattern(s.Path)
	if err != nil || !s.Enabled {
		return nil
	}
	return []string{"answers " + s.Method + " " + p.Shape()}
}

// validHeader reports whether name and value may stand in an HTTP message.
func validHeader(name, value string) bool {
	if name == "" || strings.ContainsAny(value, "\r\n\x00") {
		return false
	}
	for _, r := range name {
		if r > 127 || !strings.ContainsRune("!#$%&'*+-.^_`|~", r) && !isAlnum(r) {
			return false
		}
	}
	return http.CanonicalHeaderKey(name) != "X-Correlation-Id"
}

func isAlnum(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// ParsePrefix reads a CIDR network or a single address.
func ParsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, Errorf(Invalid, "parse address", s, "an IP address or a network such as 10.1.0.0/16 is needed")
	}
	return p.Masked(), nil
}
