// Package cluster holds what makes boxes one cluster. Now that is the cluster's
// own certificate authority, in which every box of the cluster trusts.
//
// It offers [Authority] (makes and opens the authority, issues certificates)
// and [Fingerprint] (what a joiner or an administrator compares).
//
// It stores nothing but key files (odb keeps the configuration) and imports no
// other package of this module.
package cluster
