// Package deploy brings packages of services into the cluster and into force on
// a node.
//
// It offers [Source] (a package as its author wrote it) and its canonical
// archive, [Deployer] (prepare, store, activate as one revision), [Manager] (the
// node's part: makes the registry run what the snapshot says), and [Watcher]
// (the deploy folder).
//
// It runs no code itself (node/engine/… does). It imports odb, node/service and
// node/engine/quickjs.
package deploy
