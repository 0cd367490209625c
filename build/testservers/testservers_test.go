package testservers

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestServersStopAndStart(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *Server{"postgres": Postgres, "mariadb": MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			for _, end := range []func(){s.Stop, s.Kill} {
				end()
				if err := s.answers(); err == nil {
					t.Fatal("the server answers after its end")
				}
				s.Start()
			}
		})
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	var s *Server
	theirs := errors.New("of the work")
	err := Outside(t.Context(), func(tb testing.TB) error {
		s = Postgres(tb)
		if s.PID() == 0 {
			t.Error("the server has no process")
		}
		return errors.Join(s.answers(), theirs)
	})
	if !errors.Is(err, theirs) || err.Error() != theirs.Error() {
		t.Errorf("Outside() = %v, want the error of the work alone", err)
	}
	if s.PID() != 0 || s.answers() == nil {
		t.Error("the server is still there")
	}
	if _, err := os.Stat(s.args[slices.Index(s.args, "-D")+1]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
}

func TestOutsideWithoutServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Outside(ctx, func(tb testing.TB) error {
		Postgres(tb)
		return errors.New("the work went on without a server")
	})
	if err == nil || !strings.Contains(err.Error(), "canceled") || strings.Contains(err.Error(), "went on") {
		t.Errorf("Outside() = %v, want that there is no server", err)
	}
}

// The bridge takes connections while the test runs, and is gone after it.
func TestH2EndsWithItsTest(t *testing.T) {
	t.Parallel()
	var address string
	t.Run("while the test runs", func(t *testing.T) {
		address = H2(t)
		if err := dial(t, address); err != nil {
			t.Error(err)
		}
	})
	if address == "" {
		t.Skip("NOT TESTED: there is no H2")
	}
	if err := dial(t, address); err == nil {
		t.Error("the bridge answers after its end")
	}
}

func dial(t *testing.T, address string) error {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}
