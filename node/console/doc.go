// Package console serves the user interface to browsers on a node's control port: the
// pages, and below /api the same calls as the desktop app answers, for the one cluster
// that the node belongs to. What is not the pages' goes to the admin API as ever.
//
// It offers [Console], an http.Handler. It decides nothing: who may do what is the
// admin API's business, which it calls in process. Nobody's credentials are kept here
// or come to a page: the browser has the admin API's session cookie.
//
// It imports frontend/page, node/admin, its client, and node/problem.
package console
