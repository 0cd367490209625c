//go:build unix && !linux

package supervise

import (
	"os/exec"
	"syscall"
)

// startBound starts cmd in a process group of its own: Ctrl-C reaches only this
// process, which passes it on in its own way. When this process dies, the pipe
// that is the other's standard input ends.
func startBound(cmd *exec.Cmd, ended chan<- error) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return startAndWait(cmd, ended)
}
