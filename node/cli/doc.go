// Package cli is the command line of Signalbox: one binary that is a node
// (up, run, init) and the tool that administers a cluster.
//
// It offers [Main], which tests call as users do: arguments, input, output and
// environment are handed in, an exit code comes back. A command is a file named
// after it. What goes where is a promise: results go to stdout, and with
// -o json they are JSON and nothing else; progress, questions and errors go to
// stderr; the exit code says which kind of failure it was.
//
// Commands that work on a cluster use node/admin/client and nothing else: there
// is no second way in. It imports node (for up, run and init), node/config,
// node/deploy (to read packages from disk), node/engine/quickjs (for test) and odb.
package cli
