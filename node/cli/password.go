package cli

// passwordVariable hands a password to a program's run of a command; people are
// asked instead.
const passwordVariable = "SIGNALBOX_PASSWORD"

// newPassword returns a password to be set: of SIGNALBOX_PASSWORD, else asked for
// twice without showing it, else from standard input. It is never an argument,
// which the shell's history and other users of the box would see.
func (a *app) newPassword() (string, error) {
	if text := a.getenv(passwordVariable); text != "" {
		return text, nil
	}
	first, err := a.typed("new password")
	if err != nil || !isTerminal(a.env.Stdin) {
		return first, err
	}
	again, err := a.typed("once more")
	if err != nil {
		return "", err
	}
	if again != first {
		return "", usagef("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// password returns the password of an account that signs in, from the same places.
func (a *app) password() (string, error) {
	if text := a.getenv(passwordVariable); text != "" {
		return text, nil
	}
	return a.typed("password")
}

func (a *app) typed(what string) (string, error) {
	text, err := (&input{a: a}).secret(what)
	if err == nil && text == "" {
		err = usagef("the password is empty").trying("type it when you are asked, or give it on standard input or in %s", passwordVariable)
	}
	return text, err
}
