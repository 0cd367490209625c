package client

import (
	"context"
	"encoding/json"
)

// CheckRequest is code to be looked at without deploying it.
type CheckRequest struct {
	Packages []Package `json:"packages"`
}

// CheckedPackage is what the deployment of a package would do.
type CheckedPackage struct {
	Package  string           `json:"package" jsonschema:"its name, which signalbox.yaml may give"`
	OK       bool             `json:"ok" jsonschema:"it can be deployed"`
	Hash     string           `json:"hash,omitempty" jsonschema:"version that it would be"`
	Current  string           `json:"current,omitempty" jsonschema:"version in force now"`
	Services []CheckedService `json:"services"`
	Changes  []ServiceChange  `json:"changes" jsonschema:"of service definitions; none when this code is in force"`
	Messages []BuildMessage   `json:"messages" jsonschema:"why it cannot be deployed"`
	Warnings []BuildMessage   `json:"warnings"`
}

// CheckedService is a service of a package as its code declares it.
type CheckedService struct {
	Name      string          `json:"name"`
	Doc       string          `json:"doc,omitempty"`
	Input     json.RawMessage `json:"input,omitempty" jsonschema:"JSON Schema; absent takes any JSON"`
	Output    json.RawMessage `json:"output,omitempty" jsonschema:"JSON Schema; absent promises nothing"`
	TimeoutMS int64           `json:"timeout_ms,omitempty" jsonschema:"absent: the node's default"`
	File      string          `json:"file"`
	Line      int             `json:"line"`
	Column    int             `json:"column"`
	Calls     []ServiceCall   `json:"calls"`
}

// ServiceChange is what a deployment does to a service.
type ServiceChange struct {
	Op      string `json:"op" jsonschema:"create, update or delete"`
	Service string `json:"service"`
}

// ServiceCall is a place in the code of a service where it calls something.
type ServiceCall struct {
	Kind   string `json:"kind" jsonschema:"service, or the type of the outgoing connection: http, sql"`
	Name   string `json:"name" jsonschema:"empty: the code makes it up as it runs"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Calls says what a service calls and what calls it.
type Calls struct {
	Known   bool          `json:"known" jsonschema:"false: it is compiled into the node or does not run, and its code does not tell"`
	Calls   []ServiceCall `json:"calls" jsonschema:"what the service's code names, also in what it uses of its package"`
	Callers []Caller      `json:"callers" jsonschema:"services whose code names it"`
	Used    []Reference   `json:"used" jsonschema:"definitions that refer to it, such as channels"`
}

// Caller is a place where another service calls one.
type Caller struct {
	Service string `json:"service"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
}

// TestRequest is a package whose tests are to run.
type TestRequest struct {
	Package   Package `json:"package"`
	Filter    string  `json:"filter,omitempty" jsonschema:"only tests that have this text in \"file: name\""`
	TimeoutMS int64   `json:"timeout_ms,omitempty" jsonschema:"longest time of one test, up to 30000; 5000 when absent"`
}

// TestReport is the outcome of a package's tests.
type TestReport struct {
	Package    string         `json:"package"`
	OK         bool           `json:"ok" jsonschema:"it compiles and no test failed"`
	Passed     int            `json:"passed"`
	Failed     int            `json:"failed"`
	Skipped    int            `json:"skipped"`
	DurationMS float64        `json:"duration_ms"`
	Tests      []TestResult   `json:"tests"`
	Messages   []BuildMessage `json:"messages" jsonschema:"why the package does not compile"`
	Cut        string         `json:"cut,omitempty" jsonschema:"why tests or parts of their output are missing"`
}

// TestResult is the outcome of one test.
type TestResult struct {
	File       string     `json:"file"`
	Name       string     `json:"name" jsonschema:"with the groups it is in: prices > rounds"`
	Line       int        `json:"line,omitempty" jsonschema:"where the test begins"`
	OK         bool       `json:"ok"`
	Skipped    bool       `json:"skipped,omitempty"`
	DurationMS float64    `json:"duration_ms"`
	Error      *TestError `json:"error,omitempty"`
	Log        []string   `json:"log,omitempty"`
}

// TestError says why a test failed, and where.
type TestError struct {
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Stack   string `json:"stack,omitempty"`
}

// Check compiles packages and says what deploying them would do; nothing changes.
func (c *Client) Check(ctx context.Context, in CheckRequest) ([]CheckedPackage, error) {
	var l List[CheckedPackage]
	err := c.post(ctx, path("services", "check"), in, &l)
	return l.Items, err
}

// Test runs the tests of a package that need not be deployed.
func (c *Client) Test(ctx context.Context, in TestRequest) (TestReport, error) {
	var r TestReport
	err := c.post(ctx, path("services", "test"), in, &r)
	return r, err
}

// Calls says what a service calls and what calls it.
func (c *Client) Calls(ctx context.Context, name string) (Calls, error) {
	var out Calls
	err := c.get(ctx, path("services", name, "calls"), nil, &out)
	return out, err
}
