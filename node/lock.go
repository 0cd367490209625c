package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// The files whose locks say that a node, or the nodes of one box, run on a folder.
const (
	lockFile    = "node.lock"
	boxLockFile = "up.lock"
)

// folderLock is held while a node runs on a folder. The operating system drops
// it with the process, so a killed node leaves no stale lock.
type folderLock struct {
	lock *flock.Flock
	path string
}

// lockFolder takes the folder for this process or says which process has it.
func lockFolder(dir string) (*folderLock, error) { return lockBy(dir, lockFile) }

// LockBox takes the folder of the nodes of one box for this process, until
// release, or says which process has it.
func LockBox(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock folder %s: %w", dir, err)
	}
	l, err := lockBy(dir, boxLockFile)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

func lockBy(dir, file string) (*folderLock, error) {
	l := &folderLock{lock: flock.New(filepath.Join(dir, file), flock.SetPermissions(0o600)), path: filepath.Join(dir, file+".pid")}
	ok, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock folder %s: %w", dir, err)
	}
	if !ok {
		holder := "another process"
		if pid, err := os.ReadFile(l.path); err == nil && len(pid) > 0 {
			holder = "process " + strings.TrimSpace(string(pid))
		}
		return nil, fmt.Errorf("the folder %s is in use by %s: two nodes cannot run on one folder; stop that one or choose another folder with --dir", dir, holder)
	}
	if err := os.WriteFile(l.path, fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		_ = l.lock.Unlock()
		return nil, fmt.Errorf("lock folder %s: %w", dir, err)
	}
	return l, nil
}

// release lets go of the folder.
func (l *folderLock) release() error { return l.lock.Unlock() }
