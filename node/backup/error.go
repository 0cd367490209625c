package backup

import (
	"errors"
	"fmt"
	"io"
)

// What can be wrong with a file, for errors.Is.
var (
	// ErrForeign: the file is something else.
	ErrForeign = errors.New("it is no backup of a Signalbox cluster")
	// ErrPassphrase: the passphrase is not the one that the file was made with.
	ErrPassphrase = errors.New("the passphrase does not open it")
	// ErrDamaged: the file was cut, changed, or not written to its end.
	ErrDamaged = errors.New("it is damaged")
	// ErrNewer: a newer program made the file.
	ErrNewer = errors.New("a newer version of Signalbox made it")
)

// damaged does not wrap its cause: an io.EOF in it would look like a good end.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// source remembers the error of a reader, so that a disk that cannot be read is
// not taken for a damaged file.
type source struct {
	r    io.Reader
	fail error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.fail = err
	}
	return n, err
}

// judge turns an error of the layers above into one of ours.
func (s *source) judge(err error) error {
	switch {
	case err == nil:
		return nil
	case s.fail != nil:
		return s.fail
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrForeign), errors.Is(err, ErrPassphrase), errors.Is(err, ErrNewer):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return damaged("it ends too early")
	}
	return damaged("%v", err)
}
