// Package peer is how nodes speak to each other: HTTP over mutual TLS on the
// control port, told from people by the ALPN name [cluster.PeerProtocol]. Who is
// no member of the cluster gets no answer at all.
//
// It offers [Server] (dispatches connections of peers to a handler) and [Client]
// (calls a node by its id, wherever it is). What is said is in package node. It
// imports cluster.
package peer
