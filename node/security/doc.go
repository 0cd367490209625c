// Package security says who calls and keeps secrets sealed.
//
// It offers [Keyring] and [Sealer] (secrets at rest: what the ODB holds of a
// secret is ciphertext that opens only in its own place), and [Manager], which
// turns security definitions into live credentials: it authenticates requests
// (HTTP Basic, API keys, JSON Web Tokens with keys from text, file or URL) and
// presents credentials to other systems.
//
// It opens no endpoint and answers no request: node/channel asks it and tells the
// client. It imports odb, node/netguard and nothing else of this module.
package security
