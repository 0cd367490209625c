package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// The cost of a guess at the passphrase: scrypt with N = 2^17 and r = 8 takes
// 128 MiB and about half a second.
const (
	defaultWork = 17
	maxWork     = 20 // of a file that is read: 1 GiB
)

// ageHead begins every file that age has encrypted.
const ageHead = "age-encryption.org/v1\n"

// sealed is the way of bytes into a file: compressed, then encrypted.
type sealed struct {
	zip *gzip.Writer
	age io.WriteCloser
}

func seal(dst io.Writer, passphrase string, work int) (*sealed, error) {
	if work == 0 {
		work = defaultWork
	}
	if passphrase == "" || work < 1 || work > maxWork {
		return nil, errors.New("encrypt backup: the passphrase is empty or the work factor out of bounds")
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("encrypt backup: %w", err)
	}
	recipient.SetWorkFactor(work)
	s := &sealed{}
	if s.age, err = age.Encrypt(dst, recipient); err != nil {
		return nil, fmt.Errorf("encrypt backup: %w", err)
	}
	s.zip, err = gzip.NewWriterLevel(s.age, gzip.BestSpeed)
	return s, err
}

// Write implements io.Writer.
func (s *sealed) Write(p []byte) (int, error) { return s.zip.Write(p) }

// Close writes the end, without which the file is cut.
func (s *sealed) Close() error { return errors.Join(s.zip.Close(), s.age.Close()) }

// opened is the way back. Its end is an end only when every layer below is at its
// end too: nothing may stand behind what was read.
type opened struct {
	zip *gzip.Reader
	age *bufio.Reader
}

func open(src io.Reader, passphrase string) (*opened, error) {
	in := bufio.NewReaderSize(src, maxFrame)
	if err := checkHead(in); err != nil {
		return nil, err
	}
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, ErrPassphrase
	}
	identity.SetMaxWorkFactor(maxWork)
	plain, err := age.Decrypt(in, identity)
	if noMatch, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		if len(noMatch.StanzaTypes) == 1 && noMatch.StanzaTypes[0] == "scrypt" {
			return nil, ErrPassphrase
		}
		return nil, fmt.Errorf("%w: it is encrypted to keys, not to a passphrase", ErrForeign)
	}
	if err != nil {
		return nil, err
	}
	return unzip(plain)
}

// unzip opens what was decrypted.
func unzip(plain io.Reader) (*opened, error) {
	o := &opened{age: bufio.NewReaderSize(plain, maxFrame)}
	var err error
	if o.zip, err = gzip.NewReader(o.age); err != nil {
		if errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: the passphrase opens it, but something else is in it", ErrForeign)
		}
		return nil, err
	}
	o.zip.Multistream(false)
	return o, nil
}

// checkHead tells a file of something else from one that is cut.
func checkHead(in *bufio.Reader) error {
	head, err := in.Peek(len(ageHead))
	if !bytes.HasPrefix([]byte(ageHead), head) {
		return ErrForeign
	}
	return err
}

// Read implements io.Reader.
func (o *opened) Read(p []byte) (int, error) {
	n, err := o.zip.Read(p)
	if errors.Is(err, io.EOF) {
		if _, below := o.age.Peek(1); !errors.Is(below, io.EOF) {
			return n, errors.Join(errors.New("there is something behind the end"), below)
		}
	}
	return n, err
}
