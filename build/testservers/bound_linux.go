package testservers

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts cmd so that it ends with this process, even when this one
// is killed. The kernel ties the two to a thread, so the thread that starts the
// server waits for its end.
func startBound(cmd *exec.Cmd, creds credential, ended chan<- struct{}) error {
	creds.apply(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its output
		}
	}()
	return <-started
}
