// Package frontend holds the user interface, a React program that is built by make ui
// into dist and embedded by the build tags ui and production.
//
// It offers [Files] to whoever serves it: the window, the browser mode and a node's
// control port. Without the tags, so that no Go build needs Node.js, Files has a page
// that says how to build it, and [Built] is false.
//
// It has no handler and speaks to nothing: the pages call /api of whoever serves them.
// It imports nothing of ours.
package frontend
