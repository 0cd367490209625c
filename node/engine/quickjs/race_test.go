//go:build race

package quickjs_test

// raced says that the race detector is on: the engine is some 30 times slower then.
const raced = true
