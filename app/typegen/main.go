// Command typegen writes the TypeScript types of the admin API's and the app's JSON
// from the Go types that make it: every exported struct of node/admin/client and app
// that has JSON fields, and what those reach in odb.
//
// It reads Go source and nothing else, so that no type can be forgotten in a list.
// Run it in the repository's top folder: go run ./app/typegen. A test fails when the
// file is not what it would write. It imports nothing of ours.
package main

import (
	"fmt"
	"os"
)

// output is what the user interface imports.
const output = "frontend/src/api/types.ts"

func main() {
	text, err := generate(".")
	if err == nil {
		err = os.WriteFile(output, []byte(text), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "typegen:", err)
		os.Exit(1)
	}
}
