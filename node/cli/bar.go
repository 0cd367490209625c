package cli

import (
	"fmt"
	"io"
	"time"
)

// barEvery is how often a line of progress changes.
const barEvery = 300 * time.Millisecond

// bar is a line on the terminal that tells how far something long is. Nobody
// sees it but people: elsewhere it writes nothing.
type bar struct {
	screen *screen // nil: nobody looks
	what   string
	next   time.Time
	shown  bool
}

func (a *app) startBar(what string) *bar {
	b := &bar{what: what, next: time.Now().Add(barEvery)}
	if a.flags.output == outputTable && isTerminal(a.env.Stderr) {
		b.screen = a.err
	}
	return b
}

// show tells that n bytes of total are done; a total of 0 is not known.
func (b *bar) show(n, total int64) {
	if b.screen == nil || time.Now().Before(b.next) {
		return
	}
	b.next, b.shown = time.Now().Add(barEvery), true
	text := formatBytes(n)
	if total > 0 {
		text += fmt.Sprintf(" of %s, %d %%", formatBytes(total), 100*n/total)
	}
	b.screen.write(fmt.Sprintf("\r\x1b[K%s %s", b.what, text))
}

// end takes the line away.
func (b *bar) end() {
	if b.shown {
		b.screen.write("\r\x1b[K")
	}
}

// countWriter tells how much was written.
type countWriter struct {
	w    io.Writer
	n    int64
	tell func(int64)
}

// Write implements io.Writer.
func (c *countWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.tell(c.n)
	return n, err
}

// countReader tells how much was read.
type countReader struct {
	r    io.Reader
	n    int64
	tell func(int64)
}

// Read implements io.Reader.
func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.tell(c.n)
	return n, err
}
