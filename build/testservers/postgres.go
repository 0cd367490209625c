package testservers

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver by which readiness is asked
)

// Postgres starts a PostgreSQL server. It has no TLS, wants a password
// (SCRAM), and gives durability up for speed.
func Postgres(t testing.TB) *Server {
	t.Helper()
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		missing(t, "postgresql", err)
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		t.Fatal(err)
	}
	creds := unprivileged(t, "postgres")
	dir := folder(t, creds)
	s := &Server{
		Host: "127.0.0.1", Port: freePort(t), User: "signalbox", Password: "s3cret/pg:word", Database: "postgres",
		t: t, program: filepath.Join(filepath.Dir(initdb), "postgres"), driver: "pgx", creds: creds,
		soft: os.Interrupt, hard: syscall.SIGQUIT,
	}
	s.dsn = fmt.Sprintf("host=%s port=%d user=%s password='%s' dbname=%s sslmode=disable", s.Host, s.Port, s.User, s.Password, s.Database)
	writeFile(t, creds, filepath.Join(dir, "password"), s.Password)
	data := filepath.Join(dir, "data")
	setup(t, creds, dir, initdb, "-D", data, "-U", s.User, "--pwfile", filepath.Join(dir, "password"),
		"-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync")
	s.args = []string{
		"-D", data, "-p", option("", s.Port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40",
		"-c", "autovacuum=off", "-c", "dynamic_shared_memory_type=mmap",
	}
	t.Cleanup(s.Kill)
	s.Start()
	return s
}
