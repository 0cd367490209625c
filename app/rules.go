package app

import (
	"encoding/json"
	"net/http"
	"strings"
)

// effect is what a request may do to a cluster.
type effect int

const (
	reads       effect = iota // changes nothing
	changesIt                 // a change like any other
	destructive               // deletes, rolls back, interrupts, or shuts somebody out
)

// rule is the effect of the requests to a route of the admin API; * is any one part
// of the path. dry says that "dry_run": true in the body makes it read.
type rule struct {
	method, path string
	effect       effect
	dry          bool
}

// rules names every write of the admin API. A write that is not named is taken for a
// destructive one, because a newer cluster may know it; a test compares the table with
// what a node offers.
func rules() []rule {
	const post, put = http.MethodPost, http.MethodPut
	return []rule{
		{post, "/plan", reads, false},
		{post, "/backup", reads, false},
		{post, "/backup/inspect", reads, false},
		{post, "/definitions/outgoing/*/ping", reads, false},

		{post, "/definitions/*", changesIt, false},
		{put, "/definitions/*/*", changesIt, false},
		{post, "/definitions/*/*/rename", changesIt, false},
		{post, "/definitions/*/*/ping", changesIt, false},
		{post, "/services/check", reads, false},
		{post, "/services/test", reads, false},

		{post, "/services/*/invoke", changesIt, false},
		{post, "/deploy", changesIt, false},
		{post, "/accounts", changesIt, false},
		{post, "/me/password", changesIt, false},
		{post, "/accounts/*/unlock", changesIt, false},
		{post, "/access-tokens", changesIt, false},
		{post, "/claim-code", changesIt, false},
		{post, "/join-tokens", changesIt, false},
		{post, "/join-requests/*", changesIt, false},
		{post, "/restart/abort", changesIt, false}, // it ends what interrupts

		{post, "/apply", destructive, false}, // with prune it deletes
		{post, "/rollback", destructive, true},
		{post, "/services/*/rollback", destructive, false},
		{put, "/accounts/*", destructive, false},
		{post, "/odb/accept", destructive, false},
		{post, "/odb/copy", destructive, false},
		{post, "/secrets/rotate", destructive, false},
		{post, "/secrets/forget", destructive, true},
		{put, "/nodes/*/rotation", destructive, false},
		{post, "/nodes/*/restart", destructive, false},
		{post, "/restart", destructive, false},
		{post, "/gossip-keys/rotate", destructive, false},
	}
}

// hidden are routes that are not passed on: they would show a credential, or they
// belong to boxes that want to become nodes.
func hidden(path string) bool {
	switch path {
	case "/session", "/claim", "/join", "/join/commit":
		return true
	}
	return false
}

// effectOf finds the effect of a request by its escaped path below /v1. body is read
// only of routes whose effect depends on it.
func effectOf(method, path string, body func() ([]byte, error)) (effect, error) {
	switch method {
	case http.MethodGet, http.MethodHead:
		return reads, nil
	case http.MethodDelete:
		return destructive, nil
	}
	for _, r := range rules() {
		if r.method != method || !matches(r.path, path) {
			continue
		}
		if !r.dry {
			return r.effect, nil
		}
		text, err := body()
		if err != nil {
			return destructive, err
		}
		if isDryRun(text) {
			return reads, nil
		}
		return r.effect, nil
	}
	return destructive, nil
}

func matches(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && (p[i] != "*" || q[i] == "") {
			return false
		}
	}
	return true
}

// isDryRun reads a body as strictly as the admin API does, so that both see the same.
func isDryRun(text []byte) bool {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(text, &fields) != nil {
		return false
	}
	dry := false
	for name, value := range fields {
		if !strings.EqualFold(name, "dry_run") {
			continue
		}
		if name != "dry_run" || string(value) != "true" {
			return false
		}
		dry = true
	}
	return dry
}
