// Package admin is the admin API: the only way in for the command line, the
// desktop app and scripts, mounted by the node on its control port.
//
// It offers [API], an http.Handler for /api/v1 and /metrics that is made from
// one table of routes; each route has the role that it takes, and the OpenAPI
// document is made from the same table. It checks who calls (bearer tokens of
// accounts, the node's own token, cookie sessions), keeps every write to the
// version that it was based on, and answers with the types of
// node/admin/client. [Events] is what live views wait for.
//
// It stores nothing itself (odb.Store does), runs no service (the invoker does)
// and puts nothing into force: after a write it tells the node, which reconciles
// and says when it is done. What it needs of the node's parts are interfaces in
// [Config].
//
// It imports odb, node/service, node/problem and node/admin/client.
package admin
