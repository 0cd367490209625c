// Package client is the typed Go client of the admin API, and the one place
// where the JSON of that API is declared: node/admin answers with the types of
// this package.
//
// It offers [Client] with one method a route, [Problem] for what the API
// refuses, and [Unreachable] for an API that does not answer. It tries the
// addresses of several nodes in turn, follows no redirect and keeps no state
// but the address that answered last.
//
// It knows nothing of how a node works. It imports odb.
package client
