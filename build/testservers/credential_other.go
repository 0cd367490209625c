//go:build !unix

package testservers

import (
	"os/exec"
	"testing"
)

// credential is the user that a server runs as: always ours.
type credential struct{}

func unprivileged(testing.TB, string) credential { return credential{} }

func (credential) own(string) error { return nil }

func (credential) apply(*exec.Cmd) {}
