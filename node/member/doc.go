// Package member follows who belongs to the cluster and how each node is: it
// joins what the ODB says (who is a member, what it is given to do) with what
// gossip hears (who is up, at which revision) and with what a node answers when
// it is asked directly.
//
// It offers [Roster]. It decides nothing that must not happen twice, and starts
// with the list on disk while the ODB is away. It imports odb and cluster.
package member
