// Package sdk is what authors of services write against in Go: typed functions,
// compiled into the node.
//
// It offers [Func], which makes a service of a Go function and derives its input
// and output schema from the types, [Ctx], through which the function reaches
// other services and systems, and [NewModule], which groups services for the node.
// The TypeScript SDK is in the folder typescript, test kits are in sdktest.
//
// It imports node/service.
package sdk
