package admin

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// route is one line of the API: what the router, the authentication and the
// OpenAPI document are made from.
type route struct {
	method  string
	path    string // chi pattern, whole
	role    odb.Role
	id      string // operationId, unique
	summary string
	query   []param
	headers []param
	body    any    // zero value of what the body is decoded to; nil: there is none
	takes   string // media type of the body when it is not JSON
	answer  any    // zero value of what is answered; nil: nothing, or media
	media   string // media type of the answer when it is not JSON of ours
	status  int
	limit   int64 // of the body, in bytes
	timeout time.Duration
	audited bool // a look that is in the audit log; every write is
	quiet   bool // a POST that only asks, many times over: not in the audit log unless it is refused
	handle  handler
}

// param is a query parameter or a header of a request.
type param struct {
	name     string
	kind     string // JSON Schema type; "array" is a list of texts
	help     string
	required bool
}

func (rt route) repeats(name string) bool {
	return slices.ContainsFunc(rt.query, func(p param) bool { return p.name == name && p.kind == "array" })
}

// Sizes of bodies.
const (
	smallBody = 1 << 20
	largeBody = 64 << 20
	inputBody = 16 << 20
)

// table lists every route. The role nobody ("") is only for what has no secrets
// and for signing in.
func (a *API) table() []route {
	all := slices.Concat(
		a.statusRoutes(), a.definitionRoutes(), a.changeRoutes(), a.serviceRoutes(), a.accountRoutes(), a.auditRoutes(), a.secretRoutes(),
		a.odbRoutes(), a.joinRoutes(), a.nodeRoutes(), a.restartRoutes(), a.certificateRoutes(),
	)
	for i := range all {
		rt := &all[i]
		if rt.path != "/metrics" {
			rt.path = client.Prefix + rt.path
		}
		if rt.status == 0 {
			rt.status = http.StatusOK
			if rt.answer == nil && rt.media == "" {
				rt.status = http.StatusNoContent
			}
		}
		if rt.limit == 0 {
			rt.limit = smallBody
		}
		if rt.timeout == 0 {
			rt.timeout = time.Minute
		}
	}
	return all
}

func (a *API) statusRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/health", id: "health", summary: "Whether this node serves; 503 while it does not. Needs no token.", answer: client.Health{}, handle: a.health},
		{method: get, path: "/openapi.json", role: odb.Viewer, id: "openapi", summary: "This description.", media: "application/json", handle: a.describe},
		{method: get, path: "/me", role: odb.Viewer, id: "me", summary: "Who the caller is to the API.", answer: client.Me{}, handle: a.me},
		{method: get, path: "/status", role: odb.Viewer, id: "status", summary: "The cluster at a glance.", answer: client.Status{}, handle: a.status},
		{method: get, path: "/nodes", role: odb.Viewer, id: "listNodes", summary: "The nodes of the cluster.", answer: client.List[client.Node]{}, handle: a.nodes},
		{
			method: get, path: "/stats", role: odb.Viewer, id: "stats", answer: client.Stats{}, handle: a.stats,
			summary: "Live figures of services and channels: since the start and in the last minute, on this node or on all.",
			query:   []param{{"all", "boolean", "add up the figures of all nodes; who does not answer within a second is named as missing", false}},
		},
		{method: get, path: "/connections", role: odb.Viewer, id: "listConnections", summary: "Health of the outgoing connections of this node.", answer: client.List[client.Connection]{}, handle: a.connections},
		{method: get, path: "/problems", role: odb.Viewer, id: "listProblems", summary: "Definitions that a node could not put into force, and why, of all nodes that answer.", answer: client.List[client.NodeProblem]{}, handle: a.problems},
		{
			method: get, path: "/events", role: odb.Viewer, id: "events", answer: client.Events{}, handle: a.events,
			summary: "What happened after a cursor; waits up to 25 s for something to happen. Without a cursor it answers at once with the present one.",
			query:   []param{{"after", "string", "cursor of the answer before", false}},
		},
		{method: get, path: "/metrics", role: odb.Viewer, id: "metrics", summary: "Figures of this node in Prometheus' text format.", media: "text/plain", handle: a.metrics},
		{
			method: post, path: "/session", id: "signIn", status: http.StatusCreated, timeout: 15 * time.Second, body: client.SignIn{}, answer: client.Me{}, handle: a.signIn,
			summary: "Sign in with a password or a bearer token. A browser gets a cookie and the CSRF token that each write sends as X-CSRF-Token; with token set the answer has a bearer token. Needs no token.",
		},
		{
			method: post, path: "/odb/accept", role: odb.Admin, id: "acceptODB", answer: client.AcceptedODB{}, handle: a.acceptODB,
			summary: "Take an ODB that is behind this node (restored from an older copy, emptied) as it is: the node gives up its last good configuration for it. A conflict when it is not behind.",
		},
		{
			method: http.MethodDelete, path: "/session", role: odb.Viewer, id: "signOut",
			summary: "End the session of the cookie, or revoke the bearer token of the call.",
			handle:  a.signOut,
			query:   []param{{"revoke", "boolean", "of a session that was opened with a bearer token: revoke the token, too", false}},
		},
	}
}

func (a *API) definitionRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	one := "/definitions/{kind}/{name}"
	match := param{"If-Match", "string", "ETag of the definition that the change is based on; a stale one is a conflict", true}
	return []route{
		{method: get, path: "/kinds", role: odb.Viewer, id: "listKinds", summary: "The kinds of definitions with their fields and schemas.", answer: client.List[client.Kind]{}, handle: a.listKinds},
		{method: get, path: "/kinds/{kind}", role: odb.Viewer, id: "showKind", summary: "One kind.", answer: client.Kind{}, handle: a.showKind},
		{
			method: get, path: "/definitions/{kind}", role: odb.Viewer, id: "listDefinitions", answer: client.List[odb.Definition]{}, handle: a.listDefinitions,
			summary: "Definitions of a kind, page by page. Secrets are references, never clear text.",
			query: []param{
				{"q", "string", "part of the name or of a value in the spec, in any case", false},
				{"sort", "string", "name, version or updated; with - before it the other way round", false},
				{"limit", "integer", "at most so many; 100 when absent, at most 1000", false},
				{"after", "string", "next of the page before", false},
			},
		},
		{method: post, path: "/definitions/{kind}", role: odb.Developer, id: "createDefinition", summary: "Make a definition.", status: http.StatusCreated, body: client.CreateDefinition{}, answer: client.Written{}, handle: a.createDefinition},
		{method: get, path: one, role: odb.Viewer, id: "showDefinition", summary: "One definition; its version is the ETag. Secrets are references, never clear text.", answer: odb.Definition{}, handle: a.showDefinition},
		{
			method: http.MethodPut, path: one, role: odb.Developer, id: "putDefinition", body: client.UpdateDefinition{}, answer: client.Written{}, handle: a.putDefinition,
			summary: "Replace a definition, or create it (201) with If-None-Match: *. One of the two headers is needed.",
			headers: []param{
				{"If-Match", "string", "ETag of the definition that the change is based on; a stale one is a conflict", false},
				{"If-None-Match", "string", "* creates a definition that must not exist", false},
			},
		},
		{
			method: http.MethodDelete, path: one, role: odb.Developer, id: "deleteDefinition", summary: "Delete a definition that nothing refers to.",
			answer: client.Applied{}, handle: a.deleteDefinition,
			headers: []param{match, {"X-Change-Reason", "string", "why, for the change log; percent-encoded", false}},
		},
		{method: post, path: one + "/rename", role: odb.Developer, id: "renameDefinition", summary: "Give a definition another name; what refers to it follows in the same revision.", headers: []param{match}, body: client.RenameDefinition{}, answer: client.Written{}, handle: a.renameDefinition},
		{method: get, path: one + "/history", role: odb.Viewer, id: "definitionHistory", summary: "Revisions that touched the definition, newest first, with what they changed in it.", query: pages(), answer: client.List[client.Revision]{}, handle: a.definitionHistory},
		{method: get, path: one + "/references", role: odb.Viewer, id: "listReferences", summary: "Where the definition is used.", answer: client.List[client.Reference]{}, handle: a.showReferences},
		{method: post, path: one + "/ping", role: odb.Operator, id: "ping", summary: "Ask the far side of an outgoing connection now.", answer: client.Ping{}, handle: a.ping},
	}
}

// pages are the query parameters of lists of revisions.
func pages(more ...param) []param {
	return append([]param{
		{"before", "integer", "only revisions below this one; next of the page before", false},
		{"limit", "integer", "at most so many; 100 when absent, at most 1000", false},
	}, more...)
}

func (a *API) changeRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: post, path: "/plan", role: odb.Developer, id: "plan", summary: "Compare files of definitions with the configuration; changes nothing. Faults have pointers into the spec of the document that the message names.", limit: largeBody, timeout: 2 * time.Minute, body: client.PlanRequest{}, answer: client.Plan{}, handle: a.plan},
		{method: post, path: "/apply", role: odb.Developer, id: "apply", summary: "Make the configuration what files say: one revision or nothing.", limit: largeBody, timeout: 2 * time.Minute, body: client.ApplyRequest{}, answer: client.Applied{}, handle: a.applyFiles},
		{method: get, path: "/export", role: odb.Viewer, id: "export", summary: "Definitions as YAML documents; equal configurations give equal bytes.", query: []param{{"kind", "array", "only these kinds; may be repeated", false}, {"definition", "array", "only these definitions, KIND/NAME; may be repeated and adds to kind", false}}, media: "application/yaml", handle: a.export},
		{
			method: get, path: "/history", role: odb.Viewer, id: "history", summary: "Revisions, newest first.", answer: client.List[client.Revision]{}, handle: a.history,
			query: pages(
				param{"kind", "string", "only revisions that touched this kind", false},
				param{"name", "string", "with kind: only revisions that touched this definition", false},
				param{"diff", "boolean", "with what changed in each definition", false},
				param{"actor", "string", "only of this account", false},
				param{"q", "string", "part of the actor, the reason or of kind/name of what was changed, in any case", false},
				param{"from", "string", "not before this time (RFC 3339)", false},
				param{"to", "string", "before this time (RFC 3339)", false},
			),
		},
		{method: get, path: "/diff", role: odb.Viewer, id: "diff", summary: "What differs between two revisions.", query: []param{{"from", "integer", "revision to compare with; 0 is the empty ODB", true}, {"to", "integer", "revision to compare; the newest when absent", false}}, answer: client.Diff{}, handle: a.compare},
		{method: get, path: "/state", role: odb.Viewer, id: "state", summary: "Every definition as of a revision.", query: []param{{"revision", "integer", "the newest when absent", false}}, answer: client.State{}, handle: a.state},
		{method: post, path: "/rollback", role: odb.Developer, id: "rollback", summary: "Restore the state of an earlier revision in a new one. A dry run says what would change, deletes included.", timeout: 2 * time.Minute, body: client.RollbackRequest{}, answer: client.Applied{}, handle: a.rollback},
	}
}

func (a *API) serviceRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	one := "/services/{name}"
	return []route{
		{method: get, path: "/services", role: odb.Viewer, id: "listServices", summary: "The services, with what runs on this node and how it does.", answer: client.List[client.Service]{}, handle: a.listServices},
		{method: get, path: one, role: odb.Viewer, id: "showService", summary: "One service.", answer: client.Service{}, handle: a.showService},
		{
			method: post, path: one + "/invoke", role: odb.Operator, id: "invoke", limit: inputBody, timeout: 10 * time.Minute,
			body: json.RawMessage{}, media: "*/*", handle: a.invoke,
			summary: "Call a service with the body as its input; the answer is the service's as it is, with X-Service-Status when it set one. Why it failed inside is told to developers.",
			query:   []param{{"async", "boolean", "start the call and answer 202 with its correlation id at once; GET /invocations/{id} tells its outcome", false}},
			headers: []param{{"X-Correlation-ID", "string", "8 to 64 letters, digits and . _ -; the answer carries it", false}},
		},
		{method: get, path: "/invocations/{id}", role: odb.Operator, id: "showInvocation", summary: "How a call ended that was started with async, by its correlation id: kept for 15 minutes by the node that ran it, for who started it and for developers.", answer: client.Invocation{}, handle: a.showInvocation},
		{method: get, path: one + "/versions", role: odb.Viewer, id: "listVersions", summary: "Versions of the service's package, newest first.", answer: client.List[client.Version]{}, handle: a.listVersions},
		{method: get, path: one + "/source", role: odb.Viewer, id: "showSource", summary: "Files of a version of the service's package.", query: []param{{"hash", "string", "the current version when absent", false}}, answer: client.Source{}, handle: a.showSource},
		{method: post, path: one + "/rollback", role: odb.Developer, id: "rollbackService", summary: "Put an earlier version of the service's package into force.", timeout: 5 * time.Minute, body: client.RollbackService{}, answer: client.Deployed{}, handle: a.rollbackService},
		{
			method: get, path: one + "/calls", role: odb.Viewer, id: "listCalls", answer: client.Calls{}, handle: a.listCalls,
			summary: "What the code of a service calls and which services call it, as the code in force on this node names them, and the definitions that call it.",
		},
		{
			method: post, path: "/services/check", role: odb.Developer, id: "checkPackages", limit: largeBody, timeout: 2 * time.Minute, body: client.CheckRequest{}, answer: client.List[client.CheckedPackage]{}, handle: a.checkPackages, quiet: true,
			summary: "Compile and load packages as a deployment does and say what it would change, with every fault at its place; changes nothing.",
		},
		{
			method: post, path: "/services/test", role: odb.Developer, id: "testPackage", limit: largeBody, timeout: 2 * time.Minute, body: client.TestRequest{}, answer: client.TestReport{}, handle: a.testPackage,
			summary: "Run the tests (*.test.ts) of a package that need not be deployed, in the sandbox that runs services. They reach no service and no connection; changes nothing.",
		},
		{method: post, path: "/deploy", role: odb.Developer, id: "deploy", summary: "Deploy packages of services: all in one revision, or none. Answers when this node runs them.", limit: largeBody, timeout: 5 * time.Minute, body: client.DeployRequest{}, answer: client.Deployed{}, handle: a.deploy},
	}
}

func (a *API) accountRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/accounts", role: odb.Admin, id: "listAccounts", summary: "Who may use the API.", answer: client.List[client.Account]{}, handle: a.listAccounts},
		{method: post, path: "/accounts", role: odb.Admin, id: "createAccount", summary: "Make an account.", status: http.StatusCreated, body: client.CreateAccount{}, answer: client.Account{}, handle: a.createAccount},
		{method: http.MethodPut, path: "/accounts/{name}", role: odb.Admin, id: "updateAccount", summary: "Change role, password or disabled of an account; the last administrator stays.", body: client.UpdateAccount{}, answer: client.Account{}, handle: a.updateAccount},
		{method: post, path: "/accounts/{name}/unlock", role: odb.Admin, id: "unlockAccount", summary: "Let an account that is locked after wrong passwords try again.", answer: client.Account{}, handle: a.unlockAccount},
		{method: http.MethodDelete, path: "/accounts/{name}", role: odb.Admin, id: "deleteAccount", summary: "Remove an account and its tokens; the last administrator stays.", handle: a.deleteAccount},
		{
			method: post, path: "/me/password", role: odb.Viewer, id: "changePassword", timeout: 15 * time.Second, body: client.ChangePassword{}, handle: a.changePassword,
			summary: "Give the caller's own account another password; the present one is needed. Other browsers are signed out, tokens stay.",
		},
		{
			method: post, path: "/claim", id: "claim", status: http.StatusCreated, timeout: 15 * time.Second, body: client.Claim{}, answer: client.Claimed{}, handle: a.claimCluster,
			summary: "Make the first administrator with the one-time code from this node's console, while no account has a password. Needs no token.",
		},
		{method: post, path: "/claim-code", role: odb.Admin, id: "newClaimCode", summary: "Make another one-time code for the claim at this node; the one before is void.", status: http.StatusCreated, answer: client.ClaimCode{}, handle: a.newClaimCode},
		{method: get, path: "/access-tokens", role: odb.Admin, id: "listTokens", summary: "Bearer tokens without their secrets.", answer: client.List[client.Token]{}, handle: a.listTokens},
		{method: post, path: "/access-tokens", role: odb.Admin, id: "createToken", summary: "Make a bearer token; the answer shows its secret this once.", status: http.StatusCreated, body: client.CreateToken{}, answer: client.NewToken{}, handle: a.createToken},
		{
			method: post, path: "/backup", role: odb.Admin, id: "backup", timeout: backupTime, body: client.BackupRequest{}, media: "application/octet-stream", handle: a.backup,
			summary: "The whole cluster in one file: ODB with its history, keys and settings, encrypted to the passphrase (age). The trailer X-Backup says that it is whole and what is in it, X-Backup-Error why it is not.",
		},
		{
			method: post, path: "/backup/inspect", role: odb.Admin, id: "inspectBackup", timeout: backupTime, limit: maxBackup, takes: "application/octet-stream", answer: client.InspectedBackup{}, handle: a.inspectBackup,
			summary: "Read the backup in the body to its last byte and tell what is in it. Nothing of it is kept.",
			headers: []param{{client.PassphraseHeader, "string", "the passphrase, percent-encoded", true}},
		},
		{method: http.MethodDelete, path: "/access-tokens/{id}", role: odb.Admin, id: "deleteToken", summary: "Revoke a bearer token.", handle: a.deleteToken},
	}
}
