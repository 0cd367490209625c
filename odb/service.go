package odb

import "strings"

// ServiceSpec says where a service's code comes from and how it may run. Deploy
// writes Engine, Package and Hash; the rest is the administrator's and survives
// a deployment.
type ServiceSpec struct {
	Engine         string   `json:"engine" title:"Engine" help:"What runs the code: go is compiled into the node, typescript is deployed." enum:"go,typescript" default:"typescript"`
	Package        string   `json:"package" title:"Package" help:"The package that the code was deployed in." when:"engine=typescript" required:"true"`
	Hash           string   `json:"hash" title:"Version" help:"SHA-256 of the package's content." when:"engine=typescript" required:"true"`
	Enabled        bool     `json:"enabled" title:"Enabled" help:"A disabled service answers 503." default:"true"`
	Timeout        Duration `json:"timeout" title:"Timeout" help:"Longest time a call may take; empty means what the code says, else 30s." example:"5s"`
	MaxInFlight    int      `json:"max_in_flight" title:"Most calls at a time" help:"Calls beyond it are refused with 503; 0 means no limit. Counted per node." min:"0" max:"100000"`
	ValidateOutput bool     `json:"validate_output" title:"Validate output" help:"Check each answer against the output schema; a wrong one is a 500. Costs about as much as checking the input."`
	Note           string   `json:"note" title:"Note" help:"For people." multiline:"true"`
}

// Validate checks the form of the hash.
func (s *ServiceSpec) Validate() Faults {
	var f Faults
	if s.Hash != "" && !IsHash(s.Hash) {
		f.Add("/hash", "is %q; 64 hexadecimal digits (SHA-256) are needed", s.Hash)
	}
	return f
}

// IsHash reports whether s is a SHA-256 in lower-case hexadecimal digits.
func IsHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
