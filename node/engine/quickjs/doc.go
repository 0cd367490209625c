// Package quickjs runs packages of services written in TypeScript or JavaScript
// inside of the node.
//
// It offers [Engine]: Load makes a [service.Module] of a package's source files
// (esbuild bundles them, QuickJS runs them in a pool of virtual machines), Test
// runs the package's tests in the same machines. A call that runs away (endless
// loop, memory, recursion) ends as an error of that call; a package that does
// not build or load is a [*BuildError] with the places.
//
// It reads no disk and stores nothing: sources are handed in. DESIGN.md says why
// it is made this way. It imports node/service, node/library and node/sdk.
package quickjs
