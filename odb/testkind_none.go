//go:build !testkind

package odb

// testKinds has kinds in binaries for tests alone.
func testKinds() []Kind { return nil }
