//go:build unix

package testservers

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"testing"
)

// credential is the user that a server runs as; nil means ours.
type credential struct{ *syscall.Credential }

// unprivileged returns the named user when we are root, who may not run a server.
func unprivileged(t testing.TB, name string) credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return credential{}
	}
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return credential{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// own hands a file to the user.
func (c credential) own(path string) error {
	if c.Credential == nil {
		return nil
	}
	return os.Chown(path, int(c.Uid), int(c.Gid))
}

// apply makes cmd run as the user.
func (c credential) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.Credential}
}
