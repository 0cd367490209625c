// Package discovery finds clusters on the local network: a node announces where it can be
// reached, and whoever asks hears of it. Nothing of an announcement may be believed: it
// says where to look, and the authority there has to prove itself.
//
// It offers [Station] (announces and listens), [Ask] (who is there now) and [Parse].
//
// It knows no cluster and no node: nodes, the CLI and the desktop app share it. It imports
// no other package of this module.
package discovery
