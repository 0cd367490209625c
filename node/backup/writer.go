package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// WriterConfig says what to write a backup with.
type WriterConfig struct {
	Passphrase string   // see [CheckPassphrase], which the caller has asked; required
	Manifest   Manifest // with all parts named
	WorkFactor int      // log2 of scrypt's N; 0 means 17
}

// Writer streams a backup. Its parts come in the order of the manifest; a file
// whose Writer was not closed, or whose Close failed, is refused by readers.
type Writer struct {
	out      *sealed
	manifest Manifest
	done     []Part
	err      error // the first; nothing is written after it
}

// NewWriter begins a backup on dst. It does not close dst.
func NewWriter(dst io.Writer, cfg WriterConfig) (*Writer, error) {
	cfg.Manifest.Format = Format
	if err := cfg.Manifest.check(); err != nil {
		return nil, fmt.Errorf("write backup: manifest: %w", err)
	}
	out, err := seal(dst, cfg.Passphrase, cfg.WorkFactor)
	if err != nil {
		return nil, err
	}
	w := &Writer{out: out, manifest: cfg.Manifest}
	return w, w.object(frameManifest, cfg.Manifest)
}

// Part writes the next part, which must be the one of that name: all that fill
// writes.
func (w *Writer) Part(name string, fill func(io.Writer) error) error {
	if w.err != nil {
		return w.err
	}
	if n := len(w.done); n >= len(w.manifest.Names) || w.manifest.Names[n] != name {
		return w.failed(fmt.Errorf("write backup: part %s is not the next of the manifest", name))
	}
	p := &partWriter{w: w, sum: sha256.New()}
	p.buf = bufio.NewWriterSize(frames{p}, maxFrame)
	if err := fill(p.buf); err != nil {
		return w.failed(fmt.Errorf("write part %s of the backup: %w", name, err))
	}
	if err := p.buf.Flush(); err != nil {
		return w.failed(err)
	}
	w.done = append(w.done, Part{Name: name, Bytes: p.bytes, SHA256: hex.EncodeToString(p.sum.Sum(nil))})
	return w.frame(frameEnd, nil)
}

// Close ends the backup with the revision of the configuration in it and tells
// what was written.
func (w *Writer) Close(revision int64) (Summary, error) {
	if w.err == nil && len(w.done) != len(w.manifest.Names) {
		w.err = fmt.Errorf("write backup: %d of %d parts were written", len(w.done), len(w.manifest.Names))
	}
	if w.err != nil {
		return Summary{}, w.err
	}
	t := Trailer{Revision: revision, Parts: w.done}
	if err := w.object(frameTrailer, t); err != nil {
		return Summary{}, err
	}
	if err := w.out.Close(); err != nil {
		return Summary{}, w.failed(fmt.Errorf("write backup: %w", err))
	}
	w.err = errors.New("write backup: it is closed")
	return Summary{Manifest: w.manifest, Trailer: t}, nil
}

func (w *Writer) failed(err error) error {
	w.err = err
	return err
}

func (w *Writer) object(kind byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return w.failed(fmt.Errorf("write backup: %w", err))
	}
	return w.frame(kind, text)
}

func (w *Writer) frame(kind byte, content []byte) error {
	if w.err != nil {
		return w.err
	}
	var head [5]byte
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(content))) //nolint:gosec // at most maxFrame
	for _, b := range [][]byte{head[:], content} {
		if _, err := w.out.Write(b); err != nil {
			return w.failed(fmt.Errorf("write backup: %w", err))
		}
	}
	return nil
}

// partWriter counts and hashes what one part consists of.
type partWriter struct {
	w     *Writer
	buf   *bufio.Writer
	sum   hash.Hash
	bytes int64
}

// frames takes what the part's buffer hands on, in pieces of any size.
type frames struct{ p *partWriter }

// Write implements io.Writer.
func (f frames) Write(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		piece := b[n:min(len(b), n+maxFrame)]
		if err := f.p.w.frame(frameData, piece); err != nil {
			return n, err
		}
		_, _ = f.p.sum.Write(piece) // never fails
		f.p.bytes += int64(len(piece))
		n += len(piece)
	}
	return n, nil
}
