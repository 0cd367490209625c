package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func newAccounts(a *app) *cobra.Command {
	return alone(parent(&cobra.Command{
		Use: "accounts", Short: "Who may administer the cluster",
		Long: `Lists the accounts of people and programs that may administer the cluster, or
changes one with a command below. An account has one role:

  viewer      reads everything but secrets
  operator    viewer, and invokes services and pings connections
  developer   operator, and deploys and changes definitions
  admin       developer, and accounts, tokens and keys

With a password it can sign in to the console and the desktop app; programs use
bearer tokens ("signalbox access create"). After 10 wrong passwords in a row an
account takes none for 15 minutes, on every node; its tokens go on working.

Passwords are asked for, or read from standard input or SIGNALBOX_PASSWORD; they
are never an argument.`,
		Example: `  signalbox accounts
  signalbox accounts create ann --role developer
  signalbox accounts unlock ann
  signalbox accounts -o json | jq -r '.[] | select(.locked_until) | .name'`,
	}, newAccountsCreate(a), newAccountsPassword(a), newAccountsRole(a),
		accountSwitch(a, "disable", true), accountSwitch(a, "enable", false), newAccountsUnlock(a), newAccountsDelete(a)),
		a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			accounts, err := c.Accounts(ctx)
			if err != nil {
				return fmt.Errorf("list accounts: %w", err)
			}
			return a.show(list(accounts), func(o *screen) { accountTable(o, accounts) })
		}))
}

func accountTable(o *screen, accounts []client.Account) {
	var rows [][]cell
	for _, x := range accounts {
		state := styled(green, "may sign in")
		switch {
		case x.Disabled:
			state = styled(yellow, "disabled")
		case x.LockedUntil != nil:
			state = styled(red, "locked until "+localTime(*x.LockedUntil))
		case !x.HasPassword:
			state = text("tokens only")
		}
		rows = append(rows, []cell{text(x.Name), text(string(x.Role)), state, when(x.Created)})
	}
	o.table([]string{"NAME", "ROLE", "STATE", "CREATED"}, rows)
}

// completeAccount completes an account's name, then the words that follow it.
func (a *app) completeAccount(then ...string) completer {
	return func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch len(given) {
		case 0:
			return a.ask(cmd, func(ctx context.Context, c *client.Client) ([]string, error) {
				accounts, err := c.Accounts(ctx)
				var out []string
				for _, x := range accounts {
					out = append(out, x.Name+"\t"+string(x.Role))
				}
				return out, err
			}), noFiles
		case 1:
			return then, noFiles
		}
		return nil, noFiles
	}
}

// roleOf reads a role that was typed.
func roleOf(what, text string) (odb.Role, error) {
	role := odb.Role(text)
	if role.Level() == 0 {
		return "", usagef("%s is %q; viewer, operator, developer or admin is needed", what, text)
	}
	return role, nil
}

func newAccountsCreate(a *app) *cobra.Command {
	var (
		role       string
		noPassword bool
	)
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make an account",
		Long: `Makes an account and asks for its password, which has at least 10 characters. One
with --no-password is for programs: it is used with bearer tokens only.`,
		Example: `  signalbox accounts create ann --role developer
  signalbox accounts create ci --role developer --no-password
  pass show signalbox/ann | signalbox accounts create ann --role admin`,
		Args: args(1, 1, "NAME"), ValidArgsFunction: fixed(),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			in := client.CreateAccount{Name: given[0]}
			var err error
			if in.Role, err = roleOf("--role", role); err != nil {
				return err
			}
			if !noPassword {
				if in.Password, err = a.newPassword(); err != nil {
					return err
				}
			}
			made, err := c.CreateAccount(ctx, in)
			if err != nil {
				return fmt.Errorf("make account %s: %w", given[0], err)
			}
			return a.accountIs(made, "made")
		}),
	}
	cmd.Flags().StringVar(&role, "role", "", "what it may do: viewer, operator, developer or admin (needed)")
	cmd.Flags().BoolVar(&noPassword, "no-password", false, "only bearer tokens open it")
	_ = cmd.RegisterFlagCompletionFunc("role", fixed("viewer", "operator", "developer", "admin"))
	return cmd
}

// accountIs shows an account after a change.
func (a *app) accountIs(x client.Account, what string) error {
	return a.show(x, func(o *screen) { o.line("account %s %s (%s)", clean(x.Name), what, x.Role) })
}

// account finds one account; who is not there is exit code 3.
func account(ctx context.Context, c *client.Client, name string) (client.Account, error) {
	all, err := c.Accounts(ctx)
	if err != nil {
		return client.Account{}, fmt.Errorf("look for account %s: %w", name, err)
	}
	name = odb.CleanName(name)
	i := slices.IndexFunc(all, func(x client.Account) bool { return x.Name == name })
	if i < 0 {
		return client.Account{}, failf(exitNotFound, "there is no account %s", name).trying("signalbox accounts")
	}
	return all[i], nil
}

// changeAccount replaces what change says and leaves the rest as it is.
func (a *app) changeAccount(ctx context.Context, c *client.Client, name string, change func(*client.UpdateAccount) (string, error)) error {
	x, err := account(ctx, c, name)
	if err != nil {
		return err
	}
	in := client.UpdateAccount{Role: x.Role, Disabled: x.Disabled}
	what, err := change(&in)
	if err != nil {
		return err
	}
	changed, err := c.UpdateAccount(ctx, x.Name, in)
	if err != nil {
		return fmt.Errorf("change account %s: %w", x.Name, err)
	}
	return a.accountIs(changed, what)
}

func newAccountsPassword(a *app) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use: "password [NAME]", Short: "Set an account's password, or change your own",
		Long: `Sets the password of an account, which unlocks it too and signs its browsers out.
Its bearer tokens stay ("signalbox access revoke" takes them away).

Without a NAME it changes your own, whatever your role: the present one is asked for
first. Without a terminal both come from standard input, a line each.`,
		Example: `  signalbox accounts password ann
  signalbox accounts password
  pass show signalbox/ann | signalbox accounts password ann
  signalbox accounts password ci --remove`,
		Args: args(0, 1, "NAME"), ValidArgsFunction: a.completeAccount(),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if len(given) == 0 && remove {
				return usagef("--remove needs a NAME")
			}
			if len(given) == 0 {
				return a.ownPassword(ctx, c)
			}
			return a.changeAccount(ctx, c, given[0], func(in *client.UpdateAccount) (string, error) {
				password := ""
				in.Password = &password
				if remove {
					return "has no password any more", nil
				}
				var err error
				password, err = a.newPassword()
				return "has a new password", err
			})
		}),
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take the password away: only bearer tokens open the account")
	return cmd
}

func newAccountsRole(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "role NAME ROLE", Short: "Change what an account may do",
		Long: `Gives an account another role, from its next request on. What its tokens allow is
never more than its role. The last admin keeps the role (exit code 4).`,
		Example: `  signalbox accounts role ann operator`,
		Args:    args(2, 2, "NAME and ROLE"), ValidArgsFunction: a.completeAccount("viewer", "operator", "developer", "admin"),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			role, err := roleOf("ROLE", given[1])
			if err != nil {
				return err
			}
			return a.changeAccount(ctx, c, given[0], func(in *client.UpdateAccount) (string, error) {
				in.Role = role
				return "has a new role", nil
			})
		}),
	}
}

// accountSwitch makes the command that disables or enables an account.
func accountSwitch(a *app, verb string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: word(disabled, "Keep an account from signing in", "Let a disabled account sign in again"),
		Long: word(disabled, `Keeps an account from using the cluster: from now on neither its password nor its
tokens open anything. Nothing of it is lost; "signalbox accounts enable" undoes it.`,
			`Lets a disabled account use the cluster again, with its password and its tokens.`),
		Example: `  signalbox accounts ` + verb + ` ann`,
		Args:    args(1, 1, "NAME"), ValidArgsFunction: a.completeAccount(),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			return a.changeAccount(ctx, c, given[0], func(in *client.UpdateAccount) (string, error) {
				in.Disabled = disabled
				return verb + "d", nil
			})
		}),
	}
}

func newAccountsUnlock(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "unlock NAME", Short: "Let an account try passwords again",
		Long: `Ends the lock that 10 wrong passwords in a row have put on an account. The lock
ends by itself after 15 minutes; until then not even the right password is taken.`,
		Example: `  signalbox accounts unlock ann`,
		Args:    args(1, 1, "NAME"), ValidArgsFunction: a.completeAccount(),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			x, err := c.UnlockAccount(ctx, given[0])
			if err != nil {
				return fmt.Errorf("unlock account %s: %w", given[0], err)
			}
			return a.accountIs(x, "unlocked")
		}),
	}
}

func newAccountsDelete(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "Delete an account and its tokens",
		Long: `Deletes an account and its bearer tokens, for good; "signalbox accounts disable"
keeps them. You are asked; without a terminal --yes is needed. The last admin stays
(exit code 4).`,
		Example: `  signalbox accounts delete ann
  signalbox accounts delete ann --yes`,
		Args: args(1, 1, "NAME"), ValidArgsFunction: a.completeAccount(),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			x, err := account(ctx, c, given[0])
			if err != nil {
				return err
			}
			if !yes {
				if err := a.confirm("delete account " + clean(x.Name) + " and its tokens"); err != nil {
					return err
				}
			}
			if err := c.DeleteAccount(ctx, x.Name); err != nil {
				return fmt.Errorf("delete account %s: %w", x.Name, err)
			}
			return a.show(map[string]string{"deleted": x.Name}, func(o *screen) { o.line("account %s deleted", clean(x.Name)) })
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
