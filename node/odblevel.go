package node

import (
	"context"
	"os"

	"signalbox.internal/odb"
)

// A node never serves less than its last good configuration: a database that is
// older than what the node has served, or whose file is gone, counts as away
// until it is level again or an administrator takes it as it is.

// know notes a revision that the node has in force, or has on disk.
func (l *odbLink) know(revision int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = revision
}

// level returns an Unavailable error with an [odb.Behind] when the database is at
// an older revision than the node.
func (l *odbLink) level(revision int64) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if revision >= l.known {
		return nil
	}
	return behind(&odb.Behind{Known: l.known, At: revision})
}

// accept takes the database as it is the next time that it is asked. It is a
// Conflict while the database is not behind.
func (l *odbLink) accept() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !isBehind(l.why) {
		return odb.Errorf(odb.Conflict, "accept ODB", "", "it is not behind this node; there is nothing to accept")
	}
	l.known = 0
	l.hint()
	return nil
}

func behind(b *odb.Behind) error {
	return &odb.Error{Op: "read revision", Kind: odb.Unavailable, Err: b}
}

// sqliteFileOf returns the file of a DSN of SQLite; empty for a server.
func sqliteFileOf(dsn string) string {
	d, err := odb.ParseDSN(dsn)
	if err != nil {
		return "" // who opens it says what is wrong
	}
	return d.File
}

func fileOf(dsn string) os.FileInfo {
	if info, err := os.Stat(sqliteFileOf(dsn)); err == nil {
		return info
	}
	return nil
}

// missing refuses to make a database anew where the node has served one.
func missing(dsn string, known int64) error {
	file := sqliteFileOf(dsn)
	if file == "" || known == 0 {
		return nil
	}
	if info, err := os.Stat(file); err == nil && info.Size() > 0 {
		return nil
	}
	return behind(&odb.Behind{Known: known, Missing: file})
}

// checkFile looks whether the file that is open is still the one that its name
// leads to: what is written to another one would be lost. A file that was replaced
// is let go of and opened anew.
func (l *odbLink) checkFile(ctx context.Context) error {
	l.mu.RLock()
	dsn, was, known := l.dsn, l.file, l.known
	l.mu.RUnlock()
	if was == nil {
		return nil
	}
	now := fileOf(dsn)
	if now != nil && os.SameFile(was, now) {
		return nil
	}
	if now == nil && known != 0 {
		return behind(&odb.Behind{Known: known, Missing: was.Name()})
	}
	l.log.WarnContext(ctx, "database file was replaced; it is opened anew", "file", was.Name())
	return l.drop(ctx)
}
