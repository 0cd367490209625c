// Package lastgood keeps on a node's disk what it needs to serve while its ODB is
// away: the last configuration that was in force and who may administer the
// cluster, sealed with the cluster's keys.
//
// It offers [File], the sealed file, and [Access], accounts and tokens as they
// were last read. It does not decide when to write or whether to serve from it:
// the node does. It imports odb, and cluster for private files.
package lastgood
