package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newLogin(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "login NAME", Short: "Sign in with a password, for a token of twelve hours",
		Long: `Signs in to a cluster with an account's name and password and writes a bearer token
for twelve hours to stdout; nothing is kept on this box. The password is asked for,
or read from standard input or SIGNALBOX_PASSWORD. On a node's own box (--dir) there
is no need to sign in. "signalbox logout" revokes the token before its time.`,
		Example: `  export SIGNALBOX_URL=https://node1.example:8183 SIGNALBOX_CA=ca.crt
  export SIGNALBOX_TOKEN=$(signalbox login ann)
  signalbox status
  signalbox logout`,
		Args: args(1, 1, "NAME"), ValidArgsFunction: fixed(),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			password, err := a.password()
			if err != nil {
				return err
			}
			me, err := c.SignIn(ctx, client.SignIn{Account: given[0], Password: password, Token: true})
			if err != nil {
				err = fmt.Errorf("sign in as %s: %w", given[0], err)
				if exitCode(err) == exitNotAllowed {
					return (&failure{code: exitNotAllowed, err: err}).trying("the right name and password; an administrator sets a new one with signalbox accounts password NAME")
				}
				return err
			}
			a.note("Signed in as %s, role %s, until %s. The token is shown this once:", me.Account, me.Role, localTime(*me.Expires))
			return a.show(me, func(o *screen) { o.line("%s", me.Bearer) })
		}),
	}
}

func newLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Revoke the token that you use",
		Long: `Revokes the bearer token of --token or SIGNALBOX_TOKEN: from now on it opens
nothing, wherever it is used. Other tokens of the account stay.`,
		Example: `  signalbox logout
  signalbox logout --url https://node1.example:8183 --ca ca.crt`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			me, err := c.Me(ctx)
			if err == nil {
				err = c.SignOut(ctx)
			}
			if err != nil {
				return fmt.Errorf("sign out: %w", err)
			}
			return a.show(map[string]string{"revoked": me.Token}, func(o *screen) { o.line("token %s of %s revoked", me.Token, clean(me.Account)) })
		}),
	}
}
