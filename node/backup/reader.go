package backup

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Reader streams the parts of a backup. What it has handed out is good only when
// Next has returned io.EOF: before that, the file may still turn out to be cut or
// damaged.
type Reader struct {
	src      *source // of the file
	in       io.Reader
	manifest Manifest
	part     *partReader // the one that is read; nil between two
	done     []Part
	trailer  *Trailer // nil until the end was seen and everything fits
	err      error
	buf      [maxFrame]byte
}

// NewReader opens a backup and reads its manifest. The error is one of
// [ErrForeign], [ErrPassphrase], [ErrDamaged] and [ErrNewer], or src's own.
func NewReader(src io.Reader, passphrase string) (*Reader, error) {
	s := &source{r: src}
	in, err := open(s, passphrase)
	if err != nil {
		return nil, s.judge(err)
	}
	return newReader(in, s)
}

// newReader reads what the layers above the frames have opened.
func newReader(in io.Reader, s *source) (*Reader, error) {
	r := &Reader{src: s, in: in}
	var err error
	if r.manifest, err = r.readManifest(); err != nil {
		return nil, s.judge(err)
	}
	return r, nil
}

// Manifest returns what the file says of itself.
func (r *Reader) Manifest() Manifest { return r.manifest }

// Next goes to the next part, skipping the rest of the one before. io.EOF means
// that the file was read to its end and is whole.
func (r *Reader) Next() (name string, content io.Reader, err error) {
	if r.part != nil {
		_, _ = io.Copy(io.Discard, r.part) // its error is r.err
	}
	switch {
	case r.err != nil:
		return "", nil, r.err
	case r.trailer != nil:
		return "", nil, io.EOF
	case len(r.done) < len(r.manifest.Names):
		r.part = &partReader{r: r, name: r.manifest.Names[len(r.done)], sum: sha256.New()}
		return r.part.name, r.part, nil
	}
	if r.err = r.src.judge(r.readTrailer()); r.err != nil {
		return "", nil, r.err
	}
	return "", nil, io.EOF
}

// Summary tells what was read. It may be asked after Next has returned io.EOF.
func (r *Reader) Summary() (Summary, error) {
	if r.trailer == nil {
		return Summary{}, errors.New("read backup: it was not read to its end")
	}
	return Summary{Manifest: r.manifest, Trailer: *r.trailer}, nil
}

func (r *Reader) readManifest() (Manifest, error) {
	kind, text, err := r.frame()
	if err != nil {
		return Manifest{}, err
	}
	var version struct {
		Format int `json:"format"`
	}
	if kind != frameManifest || json.Unmarshal(text, &version) != nil || version.Format < 1 {
		return Manifest{}, fmt.Errorf("%w: there is no manifest in it", ErrForeign)
	}
	if version.Format > Format {
		return Manifest{}, fmt.Errorf("%w: it has the form %d, this program reads %d", ErrNewer, version.Format, Format)
	}
	var m Manifest
	if err := decodeStrict(text, &m); err != nil {
		return Manifest{}, damaged("its manifest: %v", err)
	}
	if err := m.check(); err != nil {
		return Manifest{}, damaged("its manifest: %v", err)
	}
	return m, nil
}

// readTrailer compares what was read with what was written, and demands the end.
func (r *Reader) readTrailer() error {
	kind, text, err := r.frame()
	if err != nil {
		return err
	}
	var t Trailer
	if kind != frameTrailer {
		return damaged("a trailer was expected")
	}
	if err := decodeStrict(text, &t); err != nil {
		return damaged("its trailer: %v", err)
	}
	if len(t.Parts) != len(r.done) || t.Revision < 0 {
		return damaged("its trailer names %d parts, %d are there", len(t.Parts), len(r.done))
	}
	for i, p := range t.Parts {
		if p != r.done[i] {
			return damaged("part %s has not the size and the SHA-256 that the trailer says", r.done[i].Name)
		}
	}
	var more [1]byte
	if _, err := io.ReadFull(r.in, more[:]); !errors.Is(err, io.EOF) {
		return damaged("its end is not where it should be")
	}
	r.trailer = &t
	return nil
}

// frame reads one frame. Its content is good until the next.
func (r *Reader) frame() (byte, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > maxFrame {
		return 0, nil, damaged("a frame of %d bytes; at most %d are possible", size, maxFrame)
	}
	content := r.buf[:size]
	if _, err := io.ReadFull(r.in, content); err != nil {
		return 0, nil, fmt.Errorf("%w in a frame", noEOF(err))
	}
	return head[0], content, nil
}

// noEOF makes the end of the file an early one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// partReader hands out one part.
type partReader struct {
	r     *Reader
	name  string
	sum   hash.Hash
	bytes int64
	rest  []byte
	ended bool
}

// Read implements io.Reader. io.EOF is the end of the part; every other error is
// that of the whole file.
func (p *partReader) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		switch {
		case p.ended:
			return 0, io.EOF
		case p.r.err != nil:
			return 0, p.r.err
		}
		if err := p.advance(); err != nil {
			p.r.err = p.r.src.judge(err)
			return 0, p.r.err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// advance reads the next frame of the part.
func (p *partReader) advance() error {
	kind, content, err := p.r.frame()
	if err != nil {
		return noEOF(err)
	}
	switch {
	case kind == frameData && len(content) > 0:
		_, _ = p.sum.Write(content) // never fails
		p.bytes += int64(len(content))
		p.rest = content
	case kind == frameEnd && len(content) == 0:
		p.ended = true
		p.r.done = append(p.r.done, Part{Name: p.name, Bytes: p.bytes, SHA256: hex.EncodeToString(p.sum.Sum(nil))})
		p.r.part = nil
	default:
		return damaged("part %s: data or its end was expected", p.name)
	}
	return nil
}
