package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newAccess(a *app) *cobra.Command {
	return parent(&cobra.Command{
		Use: "access", Short: "Bearer tokens for people and programs",
		Long: `Makes, lists and revokes bearer tokens: what a person or a program needs to use
the admin API from another box. What a token allows is the lesser of its role and
its account's:

  viewer      reads everything but secrets
  operator    viewer, and invokes services and pings connections
  developer   operator, and deploys and changes definitions
  admin       developer, and accounts and tokens`,
		Example: `  signalbox access create --role developer --ttl 720h --note "CI of the shop"
  signalbox access list
  signalbox access revoke 01jd6x…`,
	}, newAccessCreate(a), newAccessList(a), newAccessRevoke(a))
}

func newAccessCreate(a *app) *cobra.Command {
	var (
		in   client.CreateToken
		role string
		ttl  time.Duration
	)
	cmd := &cobra.Command{
		Use: "create", Short: "Make a bearer token",
		Long: `Makes a bearer token and writes it to stdout: this once, since only a hash of it
is kept. Without --account it belongs to the account that makes it; on a node's own
box, where nobody is signed in, to admin.`,
		Example: `  signalbox access create --role viewer --ttl 24h --note "dashboard"
  export SIGNALBOX_TOKEN=$(signalbox access create --ttl 8h -o json | jq -r .token)
  signalbox access create --account ci --role developer --no-expiry`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			in.Role = odb.Role(role)
			if role != "" && in.Role.Level() == 0 {
				return usagef("--role is %q; viewer, operator, developer or admin is needed", role)
			}
			if !in.NoExpiry {
				if ttl < time.Second {
					return usagef("--ttl is %s; at least 1s is needed", ttl)
				}
				in.TTLSeconds = int64(ttl / time.Second)
			}
			if in.Account == "" {
				me, err := c.Me(ctx)
				if err != nil {
					return fmt.Errorf("find own account: %w", err)
				}
				in.Account = me.Account
				if me.Account == boxAccount {
					in.Account = node.FirstAdmin
				}
			}
			t, err := c.CreateToken(ctx, in)
			if err != nil {
				return fmt.Errorf("make token: %w", err)
			}
			a.note("Token %s of account %s, role %s, %s. It is shown this once:", t.ID, t.Account, t.Role, expiry(t.Token))
			return a.show(t, func(o *screen) { o.line("%s", t.Secret) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&in.Account, "account", "", "account that it belongs to (default: your own; on a node's own box admin)")
	f.StringVar(&role, "role", "", "what it allows: viewer, operator, developer or admin (default: what the account may do)")
	f.DurationVar(&ttl, "ttl", 24*time.Hour, "how long it is valid")
	f.BoolVar(&in.NoExpiry, "no-expiry", false, "valid until it is revoked")
	f.StringVar(&in.Note, "note", "", "what it is for")
	cmd.MarkFlagsMutuallyExclusive("ttl", "no-expiry")
	_ = cmd.RegisterFlagCompletionFunc("role", fixed("viewer", "operator", "developer", "admin"))
	return cmd
}

// boxAccount is who the API takes a node's own box for. It has no tokens.
const boxAccount = "local"

func expiry(t client.Token) string {
	if t.Expires == nil {
		return "valid until it is revoked"
	}
	return "valid until " + localTime(*t.Expires)
}

func newAccessList(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the bearer tokens",
		Long: `Lists the bearer tokens: whose they are, what they allow and until when. The tokens
themselves are not kept and cannot be shown.`,
		Example: `  signalbox access list
  signalbox access list -o json | jq -r '.[] | select(.expires == null) | .id'`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			tokens, err := c.Tokens(ctx)
			if err != nil {
				return fmt.Errorf("list tokens: %w", err)
			}
			return a.show(list(tokens), func(o *screen) {
				var rows [][]cell
				for _, t := range tokens {
					rows = append(rows, []cell{text(t.ID), text(t.Account), text(string(t.Role)), when(t.Created), expiryCell(t), text(t.Note)})
				}
				o.table([]string{"ID", "ACCOUNT", "ROLE", "CREATED", "EXPIRES", "NOTE"}, rows)
			})
		}),
	}
}

func expiryCell(t client.Token) cell {
	switch {
	case t.Expires == nil:
		return text("never")
	case t.Expires.Before(time.Now()):
		return styled(yellow, localTime(*t.Expires)+" (over)")
	}
	return when(*t.Expires)
}

func newAccessRevoke(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke a bearer token",
		Long: `Revokes a bearer token: from the next request on it opens nothing. The id is
that of "signalbox access list", not the token.`,
		Example: `  signalbox access revoke 01jd6x3q8w4hv0m5b2c7t9ykna`,
		Args:    args(1, 1, "ID"),
		ValidArgsFunction: func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, noFiles
			}
			return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
				tokens, err := c.Tokens(ctx)
				var out []string
				for _, t := range tokens {
					out = append(out, t.ID+"\t"+t.Account+" "+t.Note)
				}
				return out, err
			}), noFiles
		},
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if err := c.DeleteToken(ctx, given[0]); err != nil {
				return fmt.Errorf("revoke token %s: %w", given[0], err)
			}
			return a.show(map[string]string{"revoked": given[0]}, func(o *screen) { o.line("token %s revoked", clean(given[0])) })
		}),
	}
}
