package discovery

import (
	"errors"

	"golang.org/x/sys/windows"
)

// shareBroadcast lets several processes of a box hear the same announcements and
// lets them send to broadcast addresses.
func shareBroadcast(fd uintptr) error {
	return errors.Join(
		windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1),
		windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_BROADCAST, 1),
	)
}
