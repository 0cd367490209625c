package sqldb

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"signalbox.internal/odb"
)

// The test binary is also the other process: with this variable set it does
// what the variable says on the file in childFile and ends.
const (
	childRole = "ODB_TEST_CHILD"
	childFile = "ODB_TEST_FILE"
)

func TestMain(m *testing.M) {
	role, ok := map[string]func(*DB) error{"write": writeForever, "add": addFifty, "open": func(*DB) error { return nil }, "copy": copyOnce}[os.Getenv(childRole)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := asChild(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func asChild(role func(*DB) error) error {
	db, err := Open(context.Background(), Config{DSN: "sqlite:" + os.Getenv(childFile), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := role(db); err != nil {
		return err
	}
	return db.Close()
}

// child is a process of this test binary in a role.
func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childFile+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// together is how many definitions the writer always changes in one set.
const together = 20

// writeForever makes change sets and prints each revision once it is committed.
func writeForever(db *DB) error {
	ctx := context.Background()
	for {
		snap, err := db.Load(ctx)
		if err != nil {
			return err
		}
		var set odb.ChangeSet
		for i := range together {
			name := fmt.Sprint("s", i)
			c := odb.Change{Op: odb.Create, Kind: "service", Name: name}
			if d, ok := snap.Get("service", name); ok {
				c.Op, c.Base = odb.Update, d.Version
			}
			c.Spec = fmt.Appendf(nil, `{"engine":"go","max_in_flight":%d}`, snap.Revision()+1)
			set.Changes = append(set.Changes, c)
		}
		if snap.Revision()%2 == 0 { // a channel that comes and goes
			set.Changes = append(set.Changes, odb.Change{Op: odb.Create, Kind: "channel", Name: "c", Spec: []byte(`{"path":"/c","service":"s0"}`)})
		} else if d, ok := snap.Get("channel", "c"); ok {
			set.Changes = append(set.Changes, odb.Change{Op: odb.Delete, Kind: "channel", Name: "c", Base: d.Version})
		}
		rev, err := db.Apply(ctx, set)
		if err != nil {
			return err
		}
		fmt.Println(rev.Revision)
	}
}

func TestKillWriter(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	acknowledged := int64(0)
	for range 20 {
		cmd := child(t, "write", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 1 + rand.IntN(12) {
			if !lines.Scan() {
				t.Fatalf("the writer ended by itself: %v", cmd.Wait())
			}
		}
		if err := cmd.Process.Kill(); err != nil { // SIGKILL, wherever it is by now
			t.Fatal(err)
		}
		last := lines.Text()
		for lines.Scan() { // what it printed before it died
			last = lines.Text()
		}
		_ = cmd.Wait() // killed
		if acknowledged, err = strconv.ParseInt(last, 10, 64); err != nil {
			t.Fatal(err)
		}
		consistent(t, path, acknowledged)
	}
	t.Logf("%d revisions were acknowledged in 20 lives", acknowledged)
}

// consistent checks that a file has all that was acknowledged, and nothing in halves.
func consistent(t *testing.T, path string, acknowledged int64) {
	t.Helper()
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var integrity string
	if err := db.read.db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&integrity); err != nil || integrity != "ok" {
		t.Fatalf("integrity check: %s, %v", integrity, err)
	}
	var broken int
	if err := db.read.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pragma_foreign_key_check`).Scan(&broken); err != nil || broken != 0 {
		t.Fatalf("%d foreign keys lead nowhere, %v", broken, err)
	}
	snap, err := db.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rev := snap.Revision()
	if rev < acknowledged || rev > acknowledged+1 {
		t.Fatalf("the file is at revision %d; %d was acknowledged", rev, acknowledged)
	}
	services := odb.Each[*odb.ServiceSpec](snap)
	if len(services) != together {
		t.Fatalf("there are %d services", len(services))
	}
	for _, s := range services {
		if int64(s.S.MaxInFlight) != rev || s.Version != rev || s.Revision != rev {
			t.Fatalf("at revision %d there is %+v with %d", rev, s.Definition, s.S.MaxInFlight)
		}
	}
	at, err := db.StateAt(t.Context(), rev)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(at.List("")), fmt.Sprint(snap.List("")); got != want {
		t.Fatalf("the log says %s, the definitions are %s", got, want)
	}
}

// addFifty adds one to a counter fifty times, whoever else does.
func addFifty(db *DB) error {
	ctx := context.Background()
	for range 50 {
		for {
			snap, err := db.Load(ctx)
			if err != nil {
				return err
			}
			d, _ := snap.Get("service", "n")
			spec, _ := odb.Find[*odb.ServiceSpec](snap, "service", "n")
			_, err = db.Apply(ctx, odb.ChangeSet{Changes: []odb.Change{{
				Op: odb.Update, Kind: "service", Name: "n", Base: d.Version,
				Spec: fmt.Appendf(nil, `{"engine":"go","max_in_flight":%d}`, spec.MaxInFlight+1),
			}}})
			if err == nil {
				break
			}
			if odb.KindOf(err) != odb.Conflict {
				return err
			}
		}
	}
	return nil
}

func TestManyProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	run := func(role string, n int) {
		var cmds []*exec.Cmd
		for range n {
			cmd := child(t, role, path)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmds = append(cmds, cmd)
		}
		for _, cmd := range cmds {
			if err := cmd.Wait(); err != nil {
				t.Errorf("a process that should %s: %v", role, err)
			}
		}
	}
	run("open", 8) // all of them migrate the new file
	works(t, path)
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	set := odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "service", Name: "n", Spec: []byte(`{"engine":"go"}`)}}}
	if _, err := db.Apply(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	const processes = 4
	run("add", processes)
	snap, err := db.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spec, _ := odb.Find[*odb.ServiceSpec](snap, "service", "n")
	if spec.MaxInFlight != processes*50 || snap.Revision() != 2+processes*50 {
		t.Errorf("%d processes counted to %d in %d revisions", processes, spec.MaxInFlight, snap.Revision())
	}
}
