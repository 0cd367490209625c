package node_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// The state of a restart of many nodes is longer than one mark holds, and a shorter
// one that follows leaves nothing of it.
func TestRollingStateOfManyNodes(t *testing.T) {
	t.Parallel()
	store, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(t.TempDir(), "odb.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	none, err := node.LoadRolling(t.Context(), store)
	if err != nil || none.State != client.RestartNone || !none.Over() {
		t.Errorf("before the first it is %+v, %v", none, err)
	}
	now := time.Now().UTC()
	for _, nodes := range []int{200, 1, 50, 3} {
		want := client.RollingRestart{ID: "x", State: client.RestartRunning, Begun: now, Nodes: []client.RestartStep{}}
		for i := range nodes {
			want.Nodes = append(want.Nodes, client.RestartStep{
				Name: fmt.Sprintf("box-%d", i), ID: strings.Repeat("i", 26), State: client.StepFailed, Since: now, Begun: &now, Before: now, Started: now,
				Error: "es kam nicht zurück – «" + strings.Repeat("ö", 80) + "»",
			})
		}
		if err := node.SaveRolling(t.Context(), store, want); err != nil {
			t.Fatal(err)
		}
		if got, err := node.LoadRolling(t.Context(), store); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("of %d nodes came back %d, %v", nodes, len(got.Nodes), err)
		}
	}
}

// A node tells of another what that one says of itself, and of one that is down why
// nothing is told.
func TestNodeDetail(t *testing.T) {
	t.Parallel()
	first := nodetest.Start(t, nodetest.Options{Settings: quick})
	first.Deploy("hello", helloV1)
	first.Apply(channelAt("/hi"))
	second := joinBox(t, "second", newToken(t, first, client.CreateJoinToken{}).Token)
	nodetest.Eventually(t, func() error {
		d, err := first.API.Node(t.Context(), "second")
		if err == nil && (!d.Node.Ready || len(d.Node.SeenBy) != 1) {
			err = fmt.Errorf("it is %+v", d)
		}
		return err
	})
	second.Do("POST", "/hi", `{"name":"Ala"}`)
	d, err := first.API.Node(t.Context(), "second")
	if err != nil || d.Error != "" || d.Node.Local || d.MemoryBytes == 0 || d.GoVersion == "" || d.Node.CertificateEnds == nil || !d.Node.CertificateEnds.After(time.Now()) {
		t.Errorf("the second node tells %+v, %v", d, err)
	}
	if len(d.Channels) != 1 || d.Channels[0].Count != 1 {
		t.Errorf("its channels are %+v", d.Channels)
	}
	if own, err := first.API.Node(t.Context(), "test"); err != nil || !own.Node.Local || len(own.Channels) > 0 && own.Channels[0].Count > 0 {
		t.Errorf("the first node tells of itself %+v, %v", own, err)
	}
	if _, err := first.API.Node(t.Context(), "nobody"); err == nil || !strings.Contains(err.Error(), "no such node") {
		t.Errorf("a node that is not there: %v", err)
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	nodetest.Eventually(t, func() error {
		d, err := first.API.Node(t.Context(), "second")
		if err == nil && (d.Error == "" || d.Node.State != "down" || d.Connections == nil || len(d.Channels) > 0) {
			err = fmt.Errorf("it is %+v", d)
		}
		return err
	})
}

// A restart that nobody carried on for long is not carried on: the node that was at
// work is told as failed, and that it may still be drained; others are left alone.
func TestRollingRestartIsForgotten(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{Settings: quick})
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	file := "sqlite:" + filepath.Join(n.Dir, "odb.sqlite")
	store, err := sqldb.Open(t.Context(), sqldb.Config{DSN: file})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	step := func(name, state string, begun *time.Time) client.RestartStep {
		return client.RestartStep{Name: name, ID: strings.Repeat("i", 26), State: state, Since: now, Begun: begun, Drained: begun != nil, Rotation: "online", Before: now, Started: now}
	}
	err = node.SaveRolling(t.Context(), store, client.RollingRestart{
		ID: "x", State: client.RestartRunning, By: "ann", Begun: now, TimeoutSeconds: 60,
		Nodes: []client.RestartStep{step("box1", client.StepDraining, &now), step("box2", client.StepWaiting, nil)},
	})
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(n.Dir, "odb.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE odb_meta SET at_us = at_us - ? WHERE name = 'rolling_restart'", (16 * time.Minute).Microseconds())
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	n = nodetest.Start(t, nodetest.Options{Dir: n.Dir, Settings: quick})
	got := restartIs(t, n.API.Restart, client.RollingRestart.Over)
	if got.State != client.RestartFailed || !strings.Contains(got.Error, "nobody carried it on") {
		t.Errorf("it ended as %+v", got)
	}
	if first := got.Nodes[0]; first.State != client.StepFailed || !strings.Contains(first.Error, "may still be drained") {
		t.Errorf("the node at work is %+v", first)
	}
	if second := got.Nodes[1]; second.State != client.StepLeft {
		t.Errorf("the other node is %+v", second)
	}
}

// A driver that dies after it drained a node and before it wrote so leaves no node
// drained when the restart is aborted.
func TestAbortPutsBackWhatADeadDriverDrained(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{Settings: quick})
	own, err := n.API.Node(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	store, err := sqldb.Open(t.Context(), sqldb.Config{DSN: "sqlite:" + filepath.Join(n.Dir, "odb.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	err = errors.Join(store.SetRotation(t.Context(), own.Node.ID, odb.Draining), node.SaveRolling(t.Context(), store, client.RollingRestart{
		ID: "x", State: client.RestartAborting, By: "ann", AbortedBy: "ann", Begun: now, TimeoutSeconds: 60,
		Nodes: []client.RestartStep{{Name: "test", ID: own.Node.ID, State: client.StepDraining, Since: now, Begun: &now, Rotation: "online", Before: now, Started: now}},
	}), store.Close())
	if err != nil {
		t.Fatal(err)
	}
	n = nodetest.Start(t, nodetest.Options{Dir: n.Dir, Settings: quick})
	got := restartIs(t, n.API.Restart, client.RollingRestart.Over)
	if got.State != client.RestartAborted || got.Nodes[0].State != client.StepLeft {
		t.Errorf("it ended as %+v", got)
	}
	if own, err = n.API.Node(t.Context(), "test"); err != nil || own.Node.Rotation != string(odb.Online) {
		t.Errorf("the node is %s, %v", own.Node.Rotation, err)
	}
}
