package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

func newInvoke(a *app) *cobra.Command {
	var data, cid string
	var later bool
	cmd := &cobra.Command{
		Use: "invoke NAME", Short: "Call a service",
		Long: `Calls a service and writes its answer to stdout as it is. The input is JSON: on
the command line, from a file (@FILE) or from standard input (-); without any it is
null. No channel takes part: no security, no mapping of XML or forms.

With --async the call is started and its correlation id is written; nobody waits. The
node keeps its outcome for 15 minutes: "signalbox outcome ID" writes it.

A service that fails gives exit code 1 and on stderr its code, its message and,
for developers, the cause and the place in its source.`,
		Example: `  signalbox invoke hello.say -d '{"name": "Ala"}'
  signalbox invoke orders.create -d @order.json
  signalbox invoke stock.count --async
  echo '{"from": "USD", "to": "PLN"}' | signalbox invoke rates.convert -d - | jq .result`,
		Args: args(1, 1, "NAME"), ValidArgsFunction: a.completeService,
		RunE: a.remote(func(ctx context.Context, c *client.Client, given []string) error {
			body, err := (&input{a: a}).json(data)
			if err != nil {
				return err
			}
			if later {
				started, err := c.Start(ctx, given[0], body, cid)
				if err != nil {
					return a.invokeFailed(given[0], err)
				}
				return a.show(started, func(o *screen) {
					o.line("%s", started.CID)
					a.err.line("Its outcome:  signalbox outcome %s", quoteArg(started.CID))
				})
			}
			answer, err := c.Invoke(ctx, given[0], body, cid)
			if err != nil {
				return a.invokeFailed(given[0], err)
			}
			return a.answer(answer)
		}),
	}
	cmd.Flags().StringVarP(&data, "data", "d", "", "input: JSON, @FILE, or - for standard input")
	cmd.Flags().BoolVar(&later, "async", false, "start the call and write its correlation id; do not wait for the answer")
	cmd.Flags().StringVar(&cid, "cid", "", "correlation id of the call; one is made when it is not given")
	return cmd
}

// json reads the input of a call and checks that it is JSON, so that the fault
// is told with its place and not by the service.
func (in *input) json(data string) (json.RawMessage, error) {
	text := data
	name, fromFile := strings.CutPrefix(data, "@")
	if data == "-" {
		name, fromFile = "-", true
	}
	if fromFile {
		var err error
		if text, err = in.read(name); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if _, err := decodeJSON(text); err != nil {
		if fromFile {
			return nil, failf(exitFailed, "the input in %s is not JSON: %w", name, err)
		}
		return nil, usagef("--data is not JSON: %w", err)
	}
	return json.RawMessage(text), nil
}

// answer writes what a service answered: as it is, or as YAML when that is asked.
func (a *app) answer(answer client.Answer) error {
	body := answer.Body
	isJSON := json.Valid(body)
	if a.flags.output == outputYAML && isJSON {
		text, err := jsonToYAML(body)
		if err != nil {
			return err
		}
		body = text
	}
	a.out.write(string(body))
	if isTerminal(a.env.Stdout) || isJSON {
		if !strings.HasSuffix(string(body), "\n") {
			a.out.write("\n")
		}
	}
	return a.out.err
}

// invokeFailed tells a service's error with all that the API knows of it. The
// exit code of an error that the service gave is 1 whatever its code.
func (a *app) invokeFailed(name string, err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok {
		return fmt.Errorf("invoke %s: %w", name, err)
	}
	var b strings.Builder
	for _, part := range []struct{ label, text string }{
		{"code", p.Code},
		{"details", string(p.Details)},
		{"cause", p.Cause},
		{"stack", p.Stack},
		{"cid", p.CID},
	} {
		if part.text != "" && part.text != "null" {
			fmt.Fprintf(&b, "\n%s: %s", part.label, strings.TrimSpace(part.text))
		}
	}
	return noService(fmt.Errorf("invoke %s: %w%s", name, err, b.String()))
}
