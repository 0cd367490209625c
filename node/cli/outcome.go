package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newOutcome(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "outcome ID", Short: "How a call ended that was started with invoke --async",
		Long: `Writes the answer of a call that "signalbox invoke --async" started, as invoke would
have. The node that ran the call keeps it for 15 minutes after its end; another node
does not know it. A call that still runs gives exit code 1 and says so, one that
failed gives exit code 1 with code, message and, for developers, the cause.`,
		Example: `  signalbox outcome 06h0kecgx392e9npjre32mbsh0
  signalbox outcome 06h0kecgx392e9npjre32mbsh0 -o json | jq .state`,
		Args: args(1, 1, "ID"),
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			seen, err := c.Invocation(ctx, given[0])
			if err != nil {
				return fmt.Errorf("show outcome of %s: %w", given[0], err)
			}
			if a.flags.output != outputTable {
				return a.show(seen, nil)
			}
			switch {
			case seen.State == "running":
				return failf(exitFailed, "the call %s of %s runs since %s", seen.CID, seen.Service, localTime(seen.Started))
			case seen.Problem != nil:
				return a.invokeFailed(seen.Service, seen.Problem)
			case seen.Cut:
				return failf(exitFailed, "the answer of %s was too large to be kept", seen.Service)
			case seen.Body != nil:
				return a.answer(client.Answer{Body: seen.Body.Bytes()})
			}
			return a.answer(client.Answer{Body: seen.Answer})
		}),
	}
}
