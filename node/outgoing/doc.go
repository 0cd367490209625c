// Package outgoing turns outgoing definitions into live connections to other
// systems, and gives services the operations that use them.
//
// It offers [Manager], which keeps one pool a definition, swaps it when the
// definition changes and reports its [Health]; the host operations
// http.request, sql.query, sql.one, sql.exec, sql.transaction and outgoing.ping
// (see DESIGN.md for their exact arguments and results); and the same from Go
// by [Manager.HTTP] and [Manager.SQL].
//
// A connection starts with its far side down, connects when it is used or
// pinged, and heals by itself. Addresses that are not of the public internet
// need an explicit allow. No credential is ever part of a message.
//
// It decides nothing about retries of whole services and keeps no messages for
// later. It imports odb, node/service and node/netguard.
package outgoing
