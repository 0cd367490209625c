package sqldb

import (
	"path/filepath"
	"syscall"
)

// freeSpace returns how many bytes this user may still write beside a file.
func freeSpace(path string) (free int64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * s.Bsize, true //nolint:gosec // no disk has that many
}
