//go:build !linux

package nodetest

import "os/exec"

// startBound starts cmd and tells when it has ended.
func startBound(cmd *exec.Cmd, ended func(error)) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { ended(cmd.Wait()) }()
	return nil
}
