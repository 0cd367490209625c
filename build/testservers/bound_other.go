//go:build !linux

package testservers

import "os/exec"

// startBound starts cmd and watches for its end.
func startBound(cmd *exec.Cmd, creds credential, ended chan<- struct{}) error {
	creds.apply(cmd)
	if err := cmd.Start(); err != nil {
		close(ended)
		return err
	}
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in its output
	}()
	return nil
}
