package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
)

func newClaim(a *app) *cobra.Command {
	var (
		code, name string
		newCode    bool
	)
	cmd := &cobra.Command{
		Use: "claim", Short: "Give a new cluster its first administrator",
		Long: `Makes the first administrator of a cluster in which no account has a password yet.
From another box that takes the one-time code that the node has shown on its own
console; it is good for an hour and for one claim. On the node's own box (--dir) no
code is needed. The password is asked for, or read from standard input or
SIGNALBOX_PASSWORD.

The answer is a bearer token for twelve hours. With --new-code the node makes
another code and forgets the one before; it has to be typed into the desktop app,
or into this command on another box. Codes of other nodes stay as they are.`,
		Example: `  signalbox claim --dir /var/lib/signalbox
  signalbox claim --dir /var/lib/signalbox --new-code
  signalbox claim --url https://node1.example:8183 --ca ca.crt --code 7KQX-R3MD-9TBA --name ann`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			if newCode {
				return a.newClaimCode(ctx, c)
			}
			return a.claim(ctx, c, client.Claim{Code: code, Name: name})
		}),
	}
	f := cmd.Flags()
	f.StringVar(&code, "code", "", "the one-time code (default on the node's own box: a fresh one)")
	f.StringVar(&name, "name", node.FirstAdmin, "the administrator's account; one that is not there is made")
	f.BoolVar(&newCode, "new-code", false, "only show a fresh code, on the node's own box")
	cmd.MarkFlagsMutuallyExclusive("code", "new-code")
	cmd.MarkFlagsMutuallyExclusive("name", "new-code")
	return cmd
}

func (a *app) newClaimCode(ctx context.Context, c *client.Client) error {
	code, err := c.NewClaimCode(ctx)
	if err != nil {
		return fmt.Errorf("make a one-time code: %w", err)
	}
	a.note("The node's one-time code, good until %s; those before it are void:", localTime(code.Expires))
	return a.show(code, func(o *screen) { o.line("%s", code.Code) })
}

func (a *app) claim(ctx context.Context, c *client.Client, in client.Claim) error {
	if in.Code == "" {
		if t, err := a.target(); err != nil || t.token == "" { //nolint:contextcheck // it looks for two seconds at most
			return usagef("--code is needed: it stands on the node's console").trying("on the node's own box: signalbox claim --dir DIR --new-code")
		}
		code, err := c.NewClaimCode(ctx) // before the password is asked for: it may all be in vain
		if err != nil {
			return claimed(fmt.Errorf("claim the cluster: %w", err))
		}
		in.Code = code.Code
	}
	var err error
	if in.Password, err = a.newPassword(); err != nil {
		return err
	}
	got, err := c.Claim(ctx, in)
	if err != nil {
		return claimed(fmt.Errorf("claim the cluster: %w", err))
	}
	a.note("The cluster is claimed: %s is its administrator and signs in with the password.", got.Account)
	if got.Token != "" {
		a.note("To go on from here, a bearer token of it, good until %s; it is shown this once:", localTime(*got.Expires))
	}
	return a.show(got, func(o *screen) {
		if got.Token != "" {
			o.line("%s", got.Token)
		}
	})
}

// claimed adds what to do to a refused claim.
func claimed(err error) error {
	switch exitCode(err) {
	case exitConflict:
		return (&failure{code: exitConflict, err: err}).trying("signalbox accounts, on the node's own box, or sign in")
	case exitNotAllowed:
		return (&failure{code: exitNotAllowed, err: err}).trying("look at the console of that very node, or on its own box: signalbox claim --dir DIR --new-code")
	}
	return err
}

// showClaim tells whoever is at the node's console how to claim the cluster.
func showClaim(o *screen, info node.Info) {
	o.line("%s", o.paint(yellow, "No account of this cluster has a password yet. Whoever has this one-time code can"))
	o.line("%s", o.paint(yellow, "become its administrator; it is good for an hour and shown here only:"))
	o.line("")
	o.line("    %s", o.paint(bold, info.Claim))
	o.line("")
	o.line("Type it into the desktop app, or here:  signalbox claim --dir %s", quoteArg(shownDir(info.Dir)))
	if link := browserLink(info); link != "" && info.Control != "" {
		o.line("Or open it in a browser:                %s", link)
	}
}
