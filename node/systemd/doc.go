// Package systemd tells the service manager how this process is and writes logs
// as its journal wants them.
//
// It offers [Notifier] (readiness, status, watchdog) and [Journal] (a slog handler
// with priorities and no clock of its own). Without a service manager both do
// nothing. It reads no environment itself and imports nothing of ours.
package systemd
