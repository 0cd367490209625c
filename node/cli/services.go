package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newServices(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "services [NAME]", Short: "Services, or one with its schemas",
		Long: `Lists the services: their package and version, whether the node runs them, and
how many calls they have had since it started. With a NAME it shows that service
with the JSON Schema of its input and output.`,
		Example: `  signalbox services
  signalbox services orders.create
  signalbox services -o json | jq -r '.[] | select(.running | not) | .name'`,
		Args: args(0, 1, "NAME"), ValidArgsFunction: a.completeService,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			if len(given) == 1 {
				s, err := c.Service(ctx, given[0])
				if err != nil {
					return noService(fmt.Errorf("get service %s: %w", given[0], err))
				}
				return a.show(s, func(o *screen) { serviceFacts(o, s) })
			}
			services, err := c.Services(ctx)
			if err != nil {
				return fmt.Errorf("list services: %w", err)
			}
			return a.show(list(services), func(o *screen) { serviceTable(o, services) })
		}),
	}
}

// noService adds to a "not found" the command that lists the services.
func noService(err error) error {
	if exitCode(err) == exitNotFound {
		return (&failure{code: exitNotFound, err: err}).trying("signalbox services")
	}
	return err
}

func serviceTable(o *screen, services []client.Service) {
	var rows [][]cell
	for _, s := range services {
		var f client.Figures // zero before the first call
		if s.Figures != nil {
			f = *s.Figures
		}
		rows = append(rows, []cell{
			text(s.Name), text(s.Package), text(s.Engine), text(orDash(shortHash(s.Hash))), serviceState(s),
			number(f.Count), number(f.Errors), millis(f.P95MS),
		})
	}
	o.table([]string{"NAME", "PACKAGE", "ENGINE", "VERSION", "STATE", "CALLS", "ERRORS", "P95"}, rows)
}

func serviceState(s client.Service) cell {
	switch {
	case !s.Running:
		return styled(red, "not running")
	case !s.Enabled:
		return styled(yellow, "disabled")
	}
	return styled(green, "running")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func serviceFacts(o *screen, s client.Service) {
	facts := [][2]string{
		{"name", s.Name},
		{"what it does", orDash(s.Doc)},
		{"package", s.Package + " (" + s.Engine + ")"},
		{"version", orDash(s.Hash)},
		{"state", serviceState(s).text},
		{"timeout", word(s.TimeoutMS == 0, "the node's default", (time.Duration(s.TimeoutMS) * time.Millisecond).String())},
	}
	if s.Problem != "" {
		facts = append(facts, [2]string{"problem", s.Problem})
	}
	if f := s.Figures; f != nil {
		facts = append(facts, [2]string{"calls", fmt.Sprintf("%d, errors %d, in flight %d, p50 %s, p95 %s, p99 %s", f.Count, f.Errors, s.InFlight, formatMillis(f.P50MS), formatMillis(f.P95MS), formatMillis(f.P99MS))})
	}
	o.facts(facts...)
	schema(o, "input", s.Input)
	schema(o, "output", s.Output)
}

func schema(o *screen, name string, raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	text, err := jsonToYAML(raw)
	if err != nil {
		text = raw
	}
	o.line("")
	o.line("%s", o.paint(bold, name))
	o.write(cleanText(string(text)))
}
