package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newSecrets(a *app) *cobra.Command {
	return alone(parent(&cobra.Command{
		Use: "secrets", Short: "Where secrets lie, and the keys that seal them",
		Long: `Lists the secrets of the configuration: which definition has one, and whether it is
sealed in the database (with which key) or lies outside, in a variable, a file or a
systemd credential of each node. No secret is ever shown. Below come the keys of
the node's key ring and how many secrets each of them seals.`,
		Example: `  signalbox secrets
  signalbox secrets rotate
  signalbox secrets -o json | jq -r '.keys[] | select(.missing) | .id'`,
	}, newSecretsRotate(a)), a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
		s, err := c.Secrets(ctx)
		if err != nil {
			return fmt.Errorf("list secrets: %w", err)
		}
		return a.show(s, func(o *screen) { secretTables(o, s) })
	}))
}

func secretTables(o *screen, s client.Secrets) {
	missing := map[string]bool{}
	var keys [][]cell
	for _, k := range s.Keys {
		missing[k.ID] = k.Missing
		state := text("old: opens what it sealed")
		switch {
		case k.Primary:
			state = styled(green, "seals")
		case k.Missing:
			state = styled(red, "not in the key ring: what it sealed cannot be opened")
		}
		keys = append(keys, []cell{text(k.ID), number(k.Secrets), state})
	}
	var rows [][]cell
	for _, x := range s.Secrets {
		where := text(x.Ref)
		if x.Key != "" {
			where = styled(styleIf(missing[x.Key], red), "sealed with "+x.Key)
		}
		field := strings.ReplaceAll(strings.TrimPrefix(x.Pointer, "/"), "/", ".")
		rows = append(rows, []cell{text(x.Kind), text(x.Name), text(field), where})
	}
	if len(rows) > 0 {
		o.table([]string{"KIND", "NAME", "FIELD", "WHERE"}, rows)
		o.line("")
	}
	o.table([]string{"KEY", "SECRETS", "STATE"}, keys)
	if s.Rotating {
		o.line("")
		o.line("%s", o.paint(yellow, "A rotation of keys was begun and has not ended; \"signalbox secrets rotate\" goes on with it."))
	}
}

func newSecretsRotate(a *app) *cobra.Command {
	var forgetOld, yes bool
	cmd := &cobra.Command{
		Use: "rotate", Short: "Seal every secret anew with a fresh key",
		Long: `Makes a new key and seals every secret of the configuration with it, while
everything runs: some definitions at a time, each time in one revision. What others
change meanwhile is not lost. A rotation that was interrupted is taken up by the next
"signalbox secrets rotate".

The old keys stay in the key ring, because the history is sealed with them: a
roll-back to an earlier revision needs them. With --forget-old they are taken away at
the end; you are told which revisions cannot be opened any more, and asked. After a
roll-back to one of those its secrets have to be set again.

A definition that could not be sealed anew is named, and the exit code is 1.`,
		Example: `  signalbox secrets rotate
  signalbox secrets rotate --forget-old
  signalbox secrets rotate --forget-old --yes -o json`,
		Args: noArgs,
		RunE: a.remote(func(ctx context.Context, c *client.Client, _ []string) error {
			r, err := a.rotate(ctx, c)
			if err != nil {
				return err
			}
			out := rotated{Rotation: r}
			if forgetOld && len(r.Failed) == 0 {
				if out.Forgotten, err = a.forgetKeys(ctx, c, yes); err != nil {
					return err
				}
			}
			if err := a.show(out, func(o *screen) { out.tell(o) }); err != nil || len(r.Failed) == 0 {
				return err
			}
			return failf(exitFailed, "%s could not be sealed anew", plural(len(r.Failed), "definition")).
				trying("set their secrets again, then signalbox secrets rotate")
		}),
	}
	cmd.Flags().BoolVar(&forgetOld, "forget-old", false, "then take the old keys out of the key ring")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask whether to forget the old keys")
	return cmd
}

// rotated is what a rotation tells scripts.
type rotated struct {
	client.Rotation
	Forgotten []client.ForgottenKey `json:"forgotten,omitempty"`
}

func (r rotated) tell(o *screen) {
	o.line("%d of %s sealed with the key %s", r.Done, plural(r.Total, "definition"), r.Key)
	for _, f := range r.Failed {
		o.line("%s %s/%s: %s", o.paint(red, "failed"), clean(f.Kind), clean(f.Name), cleanLine(f.Reason))
	}
	for _, k := range r.Forgotten {
		o.line("key %s forgotten", k.ID)
	}
}

// rotate asks for one part after the other until the rotation is finished.
func (a *app) rotate(ctx context.Context, c *client.Client) (client.Rotation, error) {
	var in client.RotateKeys
	for {
		r, err := c.RotateKeys(ctx, in)
		if err != nil {
			return r, fmt.Errorf("rotate keys: %w", err)
		}
		if r.Finished {
			return r, nil
		}
		if in.Key == "" {
			a.note("Sealing with the key %s …", r.Key)
		}
		a.note("%d of %s", r.Done, plural(r.Total, "definition"))
		in.Key = r.Key
	}
}

// forgetKeys takes the old keys away when that is really wanted.
func (a *app) forgetKeys(ctx context.Context, c *client.Client, yes bool) ([]client.ForgottenKey, error) {
	plan, err := c.ForgetKeys(ctx, client.ForgetKeys{DryRun: true})
	if err != nil {
		return nil, fmt.Errorf("forget old keys: %w", err)
	}
	if len(plan.Keys) == 0 {
		return nil, nil
	}
	for _, k := range plan.Keys {
		if k.First == 0 {
			a.note("The key %s is needed for no revision.", k.ID)
			continue
		}
		a.note("Without the key %s secrets of revisions %d to %d cannot be opened any more.", k.ID, k.First, k.Last)
	}
	if !yes {
		if err := a.confirm("forget " + plural(len(plan.Keys), "old key") + " for good"); err != nil {
			return nil, err
		}
	}
	done, err := c.ForgetKeys(ctx, client.ForgetKeys{})
	if err != nil {
		return nil, fmt.Errorf("forget old keys: %w", err)
	}
	return done.Keys, nil
}
