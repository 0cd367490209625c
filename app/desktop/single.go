package desktop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A second start speaks to the first by a socket in the app's folder, which only its
// owner can open. Who holds the folder's lock has the socket.
const (
	socketFile = "window.sock"
	handTime   = 5 * time.Second
	maxHand    = 64 << 10
	maxGiven   = 64
)

// hand is what a second start hands over.
type hand struct {
	Given []string `json:"given"` // links and absolute paths
}

// listen waits for second starts. The caller holds the lock of dir.
func listen(ctx context.Context, dir string) (net.Listener, error) {
	path := filepath.Join(dir, socketFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove old socket: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// receive calls take for each second start until ctx ends.
func receive(ctx context.Context, l net.Listener, take func([]string), log *slog.Logger) {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil {
				log.Warn("second starts cannot be received any more", "error", err)
			}
			return
		}
		given, err := receiveOne(c)
		if err != nil {
			log.Warn("a second start was not understood", "error", err)
			continue
		}
		take(given)
	}
}

func receiveOne(c net.Conn) (given []string, err error) {
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.SetDeadline(time.Now().Add(handTime)); err != nil {
		return nil, err
	}
	var h hand
	if err := json.NewDecoder(io.LimitReader(c, maxHand)).Decode(&h); err != nil {
		return nil, err
	}
	if len(h.Given) > maxGiven {
		return nil, fmt.Errorf("more than %d links and files", maxGiven)
	}
	_, err = io.WriteString(c, "ok\n")
	return h.Given, err
}

// handOver gives links and files to the app that holds the lock of dir.
func handOver(ctx context.Context, dir string, given []string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, handTime)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, socketFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.SetDeadline(time.Now().Add(handTime)); err != nil {
		return err
	}
	if err := json.NewEncoder(c).Encode(hand{Given: given}); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(c, 16))
	if err == nil && string(answer) != "ok\n" {
		err = errors.New("it did not take the link")
	}
	return err
}
