// Package node builds a whole node from its parts and runs it: the only place
// where the parts meet.
//
// It offers [Init] (makes a node's folder), [Open] (takes the folder, binds the
// ports, opens the ODB) and [Node.Run] (serves until its context ends, then
// drains). The glue between two parts is a few lines in a file named after them.
//
// It holds no logic of its own beyond order: what a part does is in its package.
package node
