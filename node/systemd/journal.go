package systemd

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// Journal writes records to a stream that the journal reads: it puts a priority
// before each line and leaves the time to the journal.
type Journal struct {
	inner slog.Handler
	out   *priorities
}

// NewJournal returns a handler that writes to w what a handler made by form
// writes; nil makes slog's text handler.
func NewJournal(w io.Writer, opts slog.HandlerOptions, form func(io.Writer, *slog.HandlerOptions) slog.Handler) *Journal {
	out := &priorities{w: w}
	if form == nil {
		opts.ReplaceAttr = withoutTime(opts.ReplaceAttr)
		return &Journal{inner: slog.NewTextHandler(out, &opts), out: out}
	}
	return &Journal{inner: form(out, &opts), out: out}
}

// withoutTime leaves out a record's time and level: the journal has both.
func withoutTime(next func([]string, slog.Attr) slog.Attr) func([]string, slog.Attr) slog.Attr {
	return func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		if next != nil {
			return next(groups, a)
		}
		return a
	}
}

// Enabled implements slog.Handler.
func (j *Journal) Enabled(ctx context.Context, l slog.Level) bool { return j.inner.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (j *Journal) Handle(ctx context.Context, r slog.Record) error {
	j.out.mu.Lock()
	defer j.out.mu.Unlock()
	j.out.prefix = priority(r.Level)
	return j.inner.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (j *Journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Journal{inner: j.inner.WithAttrs(attrs), out: j.out}
}

// WithGroup implements slog.Handler.
func (j *Journal) WithGroup(name string) slog.Handler {
	return &Journal{inner: j.inner.WithGroup(name), out: j.out}
}

// priorities writes each line with the priority of the record that is handled.
type priorities struct {
	mu     sync.Mutex
	w      io.Writer
	prefix string
}

// Write implements io.Writer; a call is one record.
func (p *priorities) Write(line []byte) (int, error) {
	var b bytes.Buffer
	b.WriteString(p.prefix)
	b.Write(line)
	if _, err := p.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(line), nil
}

// priority is a level in syslog's numbers, as the journal reads it.
func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}
