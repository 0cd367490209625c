package testservers

import "testing"

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
