package cli

import (
	"os"
)

// passwordVariable hands a password to a program's run of a command; people are
// asked instead.
const passwordVariable = "SIGNALBOX_PASSWORD"

// newPassword returns a password to be set: of SIGNALBOX_PASSWORD, else asked for
// twice without showing it, else from standard input. It is never an argument,
// which the shell's history and other users of the box would see.
func (a *app) newPassword() (string, error) {
	if text, ok := a.env.LookupEnv(passwordVariable); ok && text != "" {
		return text, nil
	}
	in := &input{a: a}
	first, err := in.secret("new password")
	if err != nil {
		return "", err
	}
	if first == "" {
		return "", usagef("the password is empty").trying("type it when you are asked, or give it on standard input or in %s", passwordVariable)
	}
	if f, ok := a.env.Stdin.(*os.File); !ok || !isTerminal(f) {
		return first, nil
	}
	again, err := in.secret("once more")
	if err != nil {
		return "", err
	}
	if again != first {
		return "", usagef("the two passwords differ; nothing was changed")
	}
	return first, nil
}
