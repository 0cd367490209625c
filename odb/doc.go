// Package odb is the vocabulary of the operational database: what a cluster's
// configuration consists of and how it may change.
//
// It offers [Definition] and the spec of every kind (one Go struct a kind, a
// file each, from whose tags come validation, JSON Schema, form, CLI and file
// format), [Snapshot], [ChangeSet], [Plan], the file format ([Document]), the
// typed [Error], and [Store], the operations that a database must offer.
//
// It talks to no database (odb/sqldb does), applies nothing to a running node
// (node does), and imports no other package of this module.
package odb
