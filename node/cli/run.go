package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
	"signalbox.internal/node/config"
)

func newRun(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "run", Short: "Run a node that init has made, for systemd and containers",
		Long: `Runs the node of a folder in the foreground: what systemd and containers start. It
makes nothing ("signalbox init" does), logs to stderr, tells systemd when it is
ready, and on SIGTERM drains: new requests are refused, those in flight end within
drain_timeout. A second signal ends it at once.

While no account of the cluster has a password it shows a one-time code on stderr,
with which the first administrator is made ("signalbox claim"); with log_format json
it does not, and "signalbox claim --new-code" makes one.

With -o json one line goes to stdout when the node is ready.`,
		Example: `  signalbox run --dir /var/lib/signalbox
  SIGNALBOX_LOG_FORMAT=json signalbox run --dir /data`,
		Args: noArgs,
	}
	settings := addSettings(cmd, "traffic", "control", "gossip", "advertise", "log_level", "log_format")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, _, err := a.loadConfig(settings.given(cmd))
		if err != nil {
			return err
		}
		defer context.AfterFunc(cmd.Context(), func() { _ = a.notifySystemd("STOPPING=1") })()
		return a.runNode(cmd.Context(), node.Options{Config: cfg}, func(info node.Info) error {
			if err := a.notifySystemd("READY=1"); err != nil {
				return err
			}
			if info.Claim != "" && cfg.LogFormat != "json" { // a log that machines read is kept; the code does not belong there
				showClaim(a.err, info)
			}
			info.Claim = ""
			if a.flags.output == outputTable {
				return nil
			}
			line := ready(info)
			line.Token = "" // logs of services are kept; a token does not belong there
			return a.writeReady(line)
		})
	}
	return cmd
}

// logger writes a node's log to stderr as its settings say.
func (a *app) logger(cfg config.Config) *slog.Logger {
	return newLogger(a.env.Stderr, cfg.LogLevel, cfg.LogFormat)
}

func newLogger(w io.Writer, level, format string) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	opts := &slog.HandlerOptions{Level: levels[level]}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// notifySystemd tells the service manager of a state, when there is one.
func (a *app) notifySystemd(state string) error {
	socket := a.getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	if strings.HasPrefix(socket, "@") {
		socket = "\x00" + socket[1:] // an abstract socket
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err == nil {
		_, err = c.Write([]byte(state))
		_ = c.Close()
	}
	if err != nil {
		return fmt.Errorf("tell systemd %s: %w", state, err)
	}
	return nil
}
