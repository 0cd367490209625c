package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"signalbox.internal/odb"
)

// spool is a file of entries that wait, one JSON object a line, each on disk
// before add returns. Its first line, of fixed length, tells how far the file is
// in the log already and how many entries did not fit.
type spool struct {
	path  string
	limit int64

	mu     sync.Mutex
	file   *os.File
	size   int64 // end of the last whole line
	done   int64 // end of the last line that is in the log
	lost   int64 // entries that did not fit
	closed bool
}

// late is an entry and when it was made.
type late struct {
	At    time.Time      `json:"at"`
	Entry odb.AuditEntry `json:"entry"`
}

// page is what next found.
type page struct {
	lines []late
	bad   int   // lines that are not readable
	end   int64 // where the page ends in the file
	lost  int64 // of the spool, when there are no more lines
}

const (
	header    = "signalbox audit spool 1 done=%020d lost=%020d\n"
	headerLen = int64(len("signalbox audit spool 1 done= lost=\n") + 40)
	pageBytes = 1 << 20 // more than the longest line
)

var errFull = errors.New("the audit spool is full")

// openSpool opens the file or makes it. One that is no spool is put aside, and its
// new name is told.
func openSpool(path string, limit int64) (s *spool, damaged string, err error) {
	s = &spool{path: path, limit: limit}
	if err = s.open(); errors.Is(err, errDamaged) {
		damaged = path + ".damaged"
		if err = os.Rename(path, damaged); err == nil {
			err = s.open()
		}
	}
	return s, damaged, err
}

var errDamaged = errors.New("its first line is not that of a spool")

func (s *spool) open() error {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s.file = f
	if err := errors.Join(f.Chmod(0o600), s.read()); err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

// read finds out what is in the file and cuts off a line that a crash has torn.
func (s *spool) read() error {
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return s.reset()
	}
	first := make([]byte, headerLen)
	if _, err := s.file.ReadAt(first, 0); err != nil {
		return errors.Join(errDamaged, err)
	}
	if n, err := fmt.Sscanf(string(first), header, &s.done, &s.lost); n != 2 || err != nil {
		return errors.Join(errDamaged, err)
	}
	if s.size, err = lastLine(s.file, info.Size()); err != nil {
		return err
	}
	if s.done < headerLen || s.done > s.size || s.lost < 0 {
		return errDamaged
	}
	return s.file.Truncate(s.size)
}

// lastLine returns where the last whole line of a file of that size ends.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	b := make([]byte, pageBytes)
	for end := size; end > 0; {
		start := max(0, end-int64(len(b)))
		n, err := f.ReadAt(b[:end-start], start)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

// reset empties the file; what was lost stays told.
func (s *spool) reset() error {
	if err := s.file.Truncate(headerLen); err != nil {
		return err
	}
	s.size, s.done = headerLen, headerLen
	return s.writeHeader()
}

func (s *spool) writeHeader() error {
	if _, err := s.file.WriteAt(fmt.Appendf(nil, header, s.done, s.lost), 0); err != nil {
		return err
	}
	return s.file.Sync()
}

// waiting reports whether there is something to be brought into the log.
func (s *spool) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size > s.done || s.lost > 0
}

// add appends entries and returns how many of them are on disk; the others are
// counted as lost.
func (s *spool) add(lines []late) (kept int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed { // an entry after the end: the file is there still
		if err := s.open(); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, s.file.Close()) }()
	}
	var b []byte
	for _, l := range lines {
		line, err := json.Marshal(l)
		if err != nil || s.size+int64(len(b)+len(line)) >= s.limit {
			break
		}
		b = append(append(b, line...), '\n')
		kept++
	}
	if kept > 0 {
		if _, err = s.file.WriteAt(b, s.size); err == nil {
			err = s.file.Sync()
		}
		if err != nil {
			kept = 0
		} else {
			s.size += int64(len(b))
		}
	}
	if n := int64(len(lines) - kept); n > 0 {
		s.lost += n
		err = errors.Join(err, s.writeHeader())
	}
	return kept, err
}

// next reads the oldest entries that are not in the log yet, at most limit.
func (s *spool) next(limit int) (page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := page{end: s.done}
	if s.closed {
		return p, fs.ErrClosed
	}
	b := make([]byte, min(s.size-s.done, pageBytes))
	if _, err := s.file.ReadAt(b, s.done); err != nil {
		return p, err
	}
	for len(p.lines)+p.bad < limit {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			break
		}
		b = rest
		p.end += int64(len(line)) + 1
		var l late
		err := json.Unmarshal(line, &l)
		if err == nil {
			l.Entry, err = l.Entry.Clean()
		}
		if err != nil {
			p.bad++
			continue
		}
		p.lines = append(p.lines, l)
	}
	if p.end == s.done && s.size > s.done { // a line that nobody here has written
		p.bad, p.end = p.bad+1, s.size
	}
	if p.end == s.size {
		p.lost = s.lost
	}
	return p, nil
}

// drop notes that a page is in the log.
func (s *spool) drop(p page) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = p.end
	s.lost -= p.lost
	if s.closed {
		return fs.ErrClosed
	}
	if s.done == s.size {
		return s.reset()
	}
	return s.writeHeader()
}

func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.file.Close()
}
