//go:build !linux

package sqldb

// freeSpace does not know.
func freeSpace(string) (free int64, known bool) { return 0, false }
