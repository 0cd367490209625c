package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newStats(a *app) *cobra.Command {
	var channels, all bool
	cmd := &cobra.Command{
		Use: "stats [SERVICE]", Short: "Calls, errors and times of services or channels",
		Long: `Shows how many calls each service has had since the node started, how many of
them failed and how long they took: the middle one (p50), the time that 95 and 99
of 100 stayed below, and the longest. RATE is of the last minute. The figures are
those of the node that answers; with --all those of all nodes together.`,
		Example: `  signalbox stats
  signalbox stats orders.create
  signalbox stats --channels --all
  signalbox stats -o json | jq '.[] | select(.errors > 0)'`,
		Args: args(0, 1, "SERVICE"), ValidArgsFunction: a.completeService,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			ask := c.Stats
			if all {
				ask = c.StatsOfAll
			}
			s, err := ask(ctx)
			if err != nil {
				return fmt.Errorf("get figures: %w", err)
			}
			figures := s.Services
			if channels {
				figures = s.Channels
			}
			if len(given) == 1 {
				if figures, err = only(figures, given[0], channels); err != nil {
					return err
				}
			}
			return a.show(list(figures), func(o *screen) {
				figureTable(o, figures, channels)
				if missing := s.Coverage.Missing; len(missing) > 0 {
					o.line("without %s, which did not answer", clean(strings.Join(missing, ", ")))
				}
			})
		}),
	}
	cmd.Flags().BoolVar(&channels, "channels", false, "figures of channels instead of services")
	cmd.Flags().BoolVar(&all, "all", false, "figures of all nodes together")
	return cmd
}

func figureName(f client.Figures) string { return f.Service + f.Channel } // one of them is empty

func only(figures []client.Figures, name string, channels bool) ([]client.Figures, error) {
	for _, f := range figures {
		if figureName(f) == name {
			return []client.Figures{f}, nil
		}
	}
	return nil, failf(exitNotFound, "there are no figures of the %s %s", word(channels, "channel", "service"), name).
		trying("signalbox stats%s", word(channels, " --channels", ""))
}

func figureTable(o *screen, figures []client.Figures, channels bool) {
	var rows [][]cell
	for _, f := range figures {
		rows = append(rows, []cell{
			text(figureName(f)), number(f.Count), text(fmt.Sprintf("%.1f/s", f.Recent.PerSecond)), styled(styleIf(f.Errors > 0, red), fmt.Sprint(f.Errors)), number(f.InFlight),
			millis(f.MeanMS), millis(f.P50MS), millis(f.P95MS), millis(f.P99MS), millis(f.MaxMS),
		})
	}
	o.table([]string{word(channels, "CHANNEL", "SERVICE"), "CALLS", "RATE", "ERRORS", "IN FLIGHT", "MEAN", "P50", "P95", "P99", "LONGEST"}, rows)
}
