//go:build !race

package quickjs_test

// raced says that the race detector is on.
const raced = false
