//go:build unix

package discovery

import (
	"errors"

	"golang.org/x/sys/unix"
)

// shareBroadcast lets several processes of a box hear the same announcements and
// lets them send to broadcast addresses.
func shareBroadcast(fd uintptr) error {
	return errors.Join(
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST, 1),
	)
}
