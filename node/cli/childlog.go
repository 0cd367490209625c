package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// sharedWriter lets several goroutines write to one stream, a call at a time.
type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (s *sharedWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// childLog passes on what a node writes to its standard error: as text with the
// node's name before each line, or as JSON, in which every line of its log has the
// name already.
type childLog struct {
	w      io.Writer
	name   string
	prefix string
	log    *slog.Logger // of lines that are no JSON; nil: the form is text

	mu    sync.Mutex
	error string // the last line that says why it failed
}

// errorMark begins the line by which a command says why it failed.
const errorMark = "error: "

// line takes one line.
func (c *childLog) line(line []byte) {
	if text, ok := strings.CutPrefix(string(line), errorMark); ok {
		c.mu.Lock()
		c.error = text
		c.mu.Unlock()
	}
	switch {
	case len(line) == 0:
	case c.log == nil:
		_, _ = c.w.Write(append(append([]byte(c.prefix), line...), '\n')) // nobody can be told
	case bytes.HasPrefix(line, []byte("{")) && json.Valid(line):
		_, _ = c.w.Write(append(bytes.Clone(line), '\n'))
	default:
		c.log.Error("node says", "node", c.name, "text", string(line))
	}
}

// why returns why the node failed, as it said itself; empty: it did not.
func (c *childLog) why() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.error
}
