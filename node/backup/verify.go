package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Verify reads a backup to its end and tells what is in it. Every byte is checked:
// by the encryption, by the compression and by the SHA-256 of its part. It stops
// when ctx ends.
func Verify(ctx context.Context, src io.Reader, passphrase string) (Summary, error) {
	return Read(ctx, src, passphrase, func(_ string, content io.Reader) error {
		_, err := io.Copy(io.Discard, content)
		return err
	})
}

// Read hands every part to each, in their order, and tells what was read. Only
// when it returns no error was the file whole. It stops when ctx ends, or with
// the error of each.
func Read(ctx context.Context, src io.Reader, passphrase string, each func(name string, content io.Reader) error) (Summary, error) {
	r, err := NewReader(contextReader{ctx, src}, passphrase)
	if err != nil {
		return Summary{}, err
	}
	for {
		name, content, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Summary()
		}
		if err != nil {
			return Summary{}, err
		}
		if err := each(name, content); err != nil {
			if r.err != nil { // the file, rather than what was done with it
				return Summary{}, r.err
			}
			return Summary{}, fmt.Errorf("part %s: %w", name, err)
		}
	}
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
