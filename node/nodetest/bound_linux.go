package nodetest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts cmd so that it ends with this process, even when this one is
// killed, and tells when it has ended. The kernel ties the two to a thread,
// so the thread that starts the process waits for its end.
func startBound(cmd *exec.Cmd, ended func(error)) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended(cmd.Wait())
		}
	}()
	return <-started
}
