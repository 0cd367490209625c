package supervise

import "bytes"

// longest is how many bytes of a line are handed on whole.
const longest = 64 << 10

// lineWriter hands each line that is written to it on, without its end; one that
// does not end in pieces.
type lineWriter struct {
	take func(line []byte) // nil throws all away
	rest []byte
}

// Write implements io.Writer; os/exec calls it from one goroutine.
func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && w.take != nil {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			w.rest = append(w.rest, p...)
			if len(w.rest) > longest {
				w.flush()
			}
			break
		}
		w.take(append(w.rest, p[:end]...))
		w.rest, p = w.rest[:0], p[end+1:]
	}
	return n, nil
}

// flush hands on what did not end.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 && w.take != nil {
		w.take(w.rest)
	}
	w.rest = w.rest[:0]
}
