//go:build !linux

package supervise

import "os/exec"

func startAndWait(cmd *exec.Cmd, ended chan<- error) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		ended <- cmd.Wait()
	}()
	return nil
}
