// Package config reads a node's own settings: those that one box has for itself
// and that therefore cannot live in the ODB.
//
// It offers [Load] (defaults, DIR/node.toml, environment, flags, in this order,
// with every fault reported at once), the [Origin] of each value, [Settings] (the
// list from which flags, documentation and the template are made) and
// [WriteTemplate].
//
// It opens no database, makes no keys and checks no file modes (node and
// node/security do), and of this module imports only odb.
package config
