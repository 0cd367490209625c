package supervise

import (
	"os/exec"
	"syscall"
)

// startBound starts cmd in a process group of its own: Ctrl-C reaches only this
// process, which passes it on in its own way. When this process dies, the pipe
// that is the other's standard input ends.
func startBound(cmd *exec.Cmd, ended chan<- error) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	return startAndWait(cmd, ended)
}
