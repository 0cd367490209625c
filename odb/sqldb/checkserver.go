package sqldb

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"

	"signalbox.internal/odb"
)

// The least free space on a SQLite file's disk, in bytes.
const (
	littleSpace = 1 << 30
	noSpace     = 64 << 20
)

var leadingVersion = regexp.MustCompile(`(\d+)\.(\d+)`)

// atLeast warns of a version that the program was not made for.
func (c *checker) atLeast(name string, major, minor int) {
	m := leadingVersion.FindStringSubmatch(c.Version)
	if m == nil {
		return
	}
	a, _ := strconv.Atoi(m[1]) //nolint:errcheck // digits
	b, _ := strconv.Atoi(m[2]) //nolint:errcheck // digits
	if a < major || a == major && b < minor {
		c.Add("version", odb.FindingWarning, fmt.Sprintf("%s %d.%d is older than %d.%d", name, a, b, major, minor), "move to a newer one")
	}
}

func (c *checker) sqlite(ctx context.Context) {
	c.want(ctx, setting{"journal mode", "PRAGMA journal_mode", []string{"wal"}, odb.FindingFault, "start the node: it sets WAL"})
	c.want(ctx, setting{"synchronous", "PRAGMA synchronous", []string{"2", "3"}, odb.FindingFault, "a power cut loses changes that were acknowledged"})
	c.want(ctx, setting{"integrity", "PRAGMA integrity_check", []string{"ok"}, odb.FindingFault, "stop the node, keep the file, restore a backup"})
	c.want(ctx, setting{"broken foreign keys", "SELECT COUNT(*) FROM pragma_foreign_key_check", []string{"0"}, odb.FindingFault, "stop the node, keep the file, restore a backup"})
	if info, err := os.Stat(c.Where); err == nil && info.Mode().Perm()&0o077 != 0 {
		c.Add("file mode", odb.FindingWarning, fmt.Sprintf("others may read %s (%s)", c.Where, info.Mode().Perm()), "chmod 600")
	}
	free, known := freeSpace(c.Where)
	switch text := fmt.Sprintf("%d MiB are free", free>>20); {
	case !known:
	case free < noSpace:
		c.Add("disk", odb.FindingFault, text, "make room: without it no change can be stored")
	case free < littleSpace:
		c.Add("disk", odb.FindingWarning, text, "make room")
	default:
		c.Add("disk", odb.FindingOK, text, "")
	}
}

func (c *checker) postgres(ctx context.Context) {
	c.atLeast("PostgreSQL", 12, 0)
	c.want(ctx, setting{"writable", "SHOW transaction_read_only", []string{"off"}, odb.FindingFault, "name the primary server in the DSN"})
	c.want(ctx, setting{"fsync", "SHOW fsync", []string{"on"}, odb.FindingWarning, "set fsync = on: a power cut loses changes, or the database"})
	c.want(ctx, setting{"synchronous commit", "SHOW synchronous_commit", []string{"on", "local", "remote_write", "remote_apply"}, odb.FindingWarning, "set synchronous_commit = on: a crash loses changes that were acknowledged"})
	c.want(ctx, setting{"encoding", "SHOW server_encoding", []string{"UTF8"}, odb.FindingFault, "make the database with ENCODING UTF8"})
}

func (c *checker) mysql(ctx context.Context) {
	if isMariaDB.MatchString(c.Version) {
		c.atLeast("MariaDB", 10, 6)
	} else {
		c.atLeast("MySQL", 8, 0)
	}
	c.want(ctx, setting{"writable", "SELECT @@read_only", []string{"0", "OFF"}, odb.FindingFault, "name the primary server in the DSN"})
	c.want(ctx, setting{"flush at commit", "SELECT @@innodb_flush_log_at_trx_commit", []string{"1"}, odb.FindingWarning, "set innodb_flush_log_at_trx_commit = 1: a crash loses changes that were acknowledged"})
	c.want(ctx, setting{"engine", "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'odb\\_%' AND engine <> 'InnoDB'", []string{"0"}, odb.FindingFault, "ALTER TABLE … ENGINE=InnoDB: others have no transactions"})
	if text, err := c.ask(ctx, "SELECT @@max_allowed_packet"); err == nil {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n < maxArchive {
			c.Add("packet size", odb.FindingWarning, fmt.Sprintf("max_allowed_packet is %d MiB: larger packages of services are refused", n>>20), "set max_allowed_packet to 96M")
		}
	}
}

var isMariaDB = regexp.MustCompile(`(?i)mariadb`)
