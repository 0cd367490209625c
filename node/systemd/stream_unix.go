//go:build unix

package systemd

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// IsJournal reports whether w is the stream that stream (the value of
// JOURNAL_STREAM, "DEVICE:INODE") says the journal reads.
func IsJournal(w io.Writer, stream string) bool {
	f, ok := w.(*os.File)
	if !ok || stream == "" {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", st.Dev, st.Ino)
}
