package testservers

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver by which readiness is asked
)

// MariaDB starts a MariaDB server. It has no TLS, wants a password, and gives
// the durability of a machine that crashes up for speed (what was committed
// outlives Kill). The user may also make databases whose names begin
// with Database.
func MariaDB(t testing.TB) *Server {
	t.Helper()
	program, err := find("mariadbd", "/usr/sbin/mariadbd")
	if err != nil {
		missing(t, "mariadb-server", err)
	}
	install, err := find("mariadb-install-db", "/usr/bin/mariadb-install-db")
	if err != nil {
		missing(t, "mariadb-server", err)
	}
	creds := unprivileged(t, "mysql")
	dir := folder(t, creds)
	data := filepath.Join(dir, "data")
	setup(t, creds, dir, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db",
		"--innodb-log-file-size=4M", "--innodb-flush-method=nosync", "--skip-name-resolve", "--tmpdir="+dir)
	s := &Server{
		Host: "127.0.0.1", Port: freePort(t), User: "signalbox", Password: "s3cret/my:word", Database: "signalbox",
		t: t, program: program, driver: "mysql", creds: creds, soft: syscall.SIGTERM, hard: syscall.SIGKILL,
	}
	s.dsn = fmt.Sprintf("%s:%s@tcp(%s:%d)/%s", s.User, s.Password, s.Host, s.Port, s.Database)
	first := filepath.Join(dir, "first.sql")
	writeFile(t, creds, first, fmt.Sprintf("CREATE DATABASE IF NOT EXISTS %[1]s CHARACTER SET utf8mb4;\n"+
		"CREATE USER IF NOT EXISTS %[2]s@'%%' IDENTIFIED BY '%[3]s';\nGRANT ALL ON `%[1]s%%`.* TO %[2]s@'%%';\n", s.Database, s.User, s.Password))
	s.args = []string{
		"--no-defaults", "--datadir=" + data, option("--port=", s.Port), "--bind-address=127.0.0.1", "--socket=" + filepath.Join(dir, "s"),
		"--pid-file=" + filepath.Join(dir, "pid"), "--init-file=" + first, "--skip-name-resolve", "--performance-schema=off",
		"--tmpdir=" + dir, // two servers with one folder take each other's temporary tables away
		"--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=2", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=16M",
	}
	t.Cleanup(s.Kill)
	s.Start()
	return s
}
