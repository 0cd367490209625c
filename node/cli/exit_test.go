package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func TestExitCodes(t *testing.T) {
	tests := map[string]struct {
		err  error
		want int
	}{
		"none":                      {nil, 0},
		"plain":                     {errors.New("x"), 1},
		"usage":                     {usagef("x"), 2},
		"wrapped usage":             {fmt.Errorf("y: %w", usagef("x")), 2},
		"not found":                 {&client.Problem{Status: 404, Code: client.CodeNotFound}, 3},
		"service not found":         {&client.Problem{Status: 404, Code: "service_not_found"}, 3},
		"a service's own 404":       {&client.Problem{Status: 404, Code: "order.unknown"}, 1},
		"conflict":                  {&client.Problem{Status: 409, Code: client.CodeConflict}, 4},
		"version needed":            {&client.Problem{Status: 428, Code: client.CodePrecondition}, 4},
		"a service's own 409":       {&client.Problem{Status: 409, Code: "order.exists"}, 1},
		"no token":                  {&client.Problem{Status: 401, Code: client.CodeUnauthorized}, 5},
		"role too low":              {&client.Problem{Status: 403, Code: client.CodeForbidden}, 5},
		"a service's own 403":       {&client.Problem{Status: 403, Code: "credit.refused"}, 1},
		"invalid":                   {&client.Problem{Status: 422, Code: client.CodeInvalid}, 1},
		"build":                     {&client.Problem{Status: 422, Code: client.CodeBuild}, 1},
		"internal":                  {&client.Problem{Status: 500, Code: client.CodeInternal}, 1},
		"database away":             {&client.Problem{Status: 503, Code: client.CodeUnavailable}, 1},
		"a proxy's 502":             {&client.Problem{Status: 502}, 6},
		"a proxy's 403":             {&client.Problem{Status: 403}, 5},
		"a stranger's 404":          {&client.Problem{Status: 404}, 1},
		"unreachable":               {&client.Unreachable{URL: "https://x", Err: errors.New("refused")}, 6},
		"wrapped unreachable":       {fmt.Errorf("list: %w", &client.Unreachable{URL: "https://x", Err: errors.New("refused")}), 6},
		"local file not found":      {odb.Errorf(odb.NotFound, "read", "x", "no such file"), 3},
		"local input invalid":       {odb.Errorf(odb.Invalid, "read", "x", "bad"), 1},
		"interrupted":               {context.Canceled, 1},
		"joined, the first decides": {errors.Join(usagef("x"), errors.New("y")), 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := exitCode(tc.err); got != tc.want {
				t.Errorf("exitCode(%v) = %d, want %d", tc.err, got, tc.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"plain":       {errors.New("x is wrong"), "error: x is wrong\n"},
		"with advice": {usagef("x").trying("signalbox %s", "y"), "error: x\ntry: signalbox y\n"},
		"many lines":  {errors.Join(errors.New("a"), errors.New("b")), "error: a\n  b\n"},
		"interrupted": {fmt.Errorf("list: %w", context.Canceled), "error: interrupted\n"},
		"faults of the input": {
			fmt.Errorf("set channel/x: %w", &client.Problem{
				Status: 422, Code: client.CodeInvalid, Detail: "the spec is not valid",
				Errors: []odb.Fault{{Pointer: "/path", Message: "is missing"}, {Message: "two"}},
			}),
			"error: set channel/x: the spec is not valid\n  /path: is missing\n  two\n",
		},
		"no token": {
			fmt.Errorf("get status: %w", &client.Problem{Status: 401, Code: client.CodeUnauthorized, Detail: "no token"}),
			"error: get status: no token\ntry: give a valid token with SIGNALBOX_TOKEN or --token, or use --dir DIR on the node's own box\n",
		},
		"too many": {
			&client.Problem{Status: 429, Code: client.CodeTooMany, Detail: "too many", RetryAfter: 5 * time.Second},
			"error: too many\ntry: again in 5s\n",
		},
		"internal": {
			&client.Problem{Status: 500, Code: client.CodeInternal, Detail: "it broke", CID: "abc"},
			"error: it broke\ntry: look in the node's log for abc\n",
		},
		"unknown authority": {
			&client.Unreachable{URL: "https://x", Err: errors.New("x509: certificate signed by unknown authority")},
			"error: cannot reach https://x: x509: certificate signed by unknown authority\ntry: name the cluster's CA certificate with --ca FILE (on the node: DIR/keys), or use --dir DIR on the node's own box\n",
		},
		"foreign text": {errors.New("x\x1b[2J"), "error: x·[2J\n"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			a := newApp(Env{Stdout: &bytes.Buffer{}, Stderr: &stderr, LookupEnv: func(string) (string, bool) { return "", false }})
			code := a.report(tc.err)
			if got := stderr.String(); got != tc.want {
				t.Errorf("report() wrote\n%swant\n%s", got, tc.want)
			}
			if code != exitCode(tc.err) {
				t.Errorf("report() = %d, want %d", code, exitCode(tc.err))
			}
			if strings.Contains(stderr.String(), "\x1b") {
				t.Error("there is colour although this is no terminal")
			}
		})
	}
}
