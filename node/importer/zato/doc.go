// Package zato reads the enmasse files of Zato, YAML or JSON, in the shapes of 2.x
// to 4.x, and makes definitions of what Signalbox has too: security, REST channels,
// outgoing REST and SQL connections.
//
// [Read] reads a file with what it includes, [Convert] makes the definitions and a
// [Report] that names every object of the files once: taken, changed (and in what)
// or left (why, and what to do). Every attribute is in a table of its type, as
// mapped, without meaning here, or lost; one that is in no table is reported. What a
// table says is in DESIGN.md too, and a test keeps the two the same.
//
// It applies nothing, asks no cluster and opens no file by itself: both are handed
// in. No text that it returns has a password of the files in it, but for the
// documents, where a secret may be in clear until it is sealed.
//
// It imports odb.
package zato
