package cli

import (
	"context"
	"fmt"
	"strings"

	"signalbox.internal/node/admin/client"
)

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

// ownPassword changes the password of the account that the token belongs to.
func (a *app) ownPassword(ctx context.Context, c *client.Client) error {
	in, err := a.bothPasswords()
	if err != nil {
		return err
	}
	if err := c.ChangePassword(ctx, in); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return a.show(map[string]bool{"changed": true}, func(o *screen) { o.line("your password is changed") })
}

// bothPasswords asks for the present password and the new one, or reads a line each.
func (a *app) bothPasswords() (client.ChangePassword, error) {
	if isTerminal(a.env.Stdin) {
		current, err := a.typed("present password")
		if err != nil {
			return client.ChangePassword{}, err
		}
		fresh, err := a.newPassword()
		return client.ChangePassword{Current: current, Password: fresh}, err
	}
	text, err := (&input{a: a}).read("-")
	if err != nil {
		return client.ChangePassword{}, err
	}
	current, fresh, both := strings.Cut(trimNewline(text), "\n")
	current, fresh = strings.TrimSuffix(current, "\r"), strings.TrimSuffix(fresh, "\r")
	if !both || current == "" || fresh == "" {
		return client.ChangePassword{}, usagef("two lines are needed on standard input: the present password and the new one")
	}
	return client.ChangePassword{Current: current, Password: fresh}, nil
}
