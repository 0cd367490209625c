// Package audit writes a node's share of the audit log: entries reach the ODB in
// the order in which they were made, many in one transaction, and wait in a file
// of the node's folder while the ODB is away.
//
// It offers [Writer], which the admin API and the node hand their entries to. It
// bounds what strangers can make it write: refused attempts of one address beyond
// a few a minute are counted and become one entry. It does not decide what is
// worth an entry (the admin API does), nor chain or check entries (odb does).
//
// It imports odb.
package audit
