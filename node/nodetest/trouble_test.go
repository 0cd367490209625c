package nodetest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// reach waits for a condition as long as a slow machine may need.
func reach(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never reached: %s", what)
		}
		wait(t, 50*time.Millisecond)
	}
}

// nodeNamed returns how a box sees a node.
func nodeNamed(t *testing.T, by *nodetest.Box, name string) client.Node {
	t.Helper()
	nodes, err := by.API.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("%s sees no node %s", by.Name, name)
	return client.Node{}
}

// endsWith wants a process to end by itself with an error that says why.
func endsWith(t *testing.T, p *nodetest.Process, why string) {
	t.Helper()
	err := p.Ended(15 * time.Second)
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		t.Fatalf("it ended with %v, want an error\n%s", err, p.Stderr())
	}
	lines := strings.Split(strings.TrimSpace(p.Stderr()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, why) {
		t.Errorf("its last words are %q, want %q in it", last, why)
	}
}

// clone copies a running box and starts the copy elsewhere: it is refused with a
// clear word, and the first goes on.
func clone(t *testing.T, d *drill) {
	t.Helper()
	b := d.Boxes[2]
	dir := filepath.Join(t.TempDir(), "clone")
	if err := os.CopyFS(dir, os.DirFS(b.Dir)); err != nil {
		t.Fatal(err)
	}
	private(t, filepath.Join(dir, "keys"))
	p, err := d.Run(b.Index, "run", "--dir", dir, "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	endsWith(t, p, "cloned")
	nodetest.Eventually(t, func() error { // until it is found out, the newer process stands for the node
		if n := nodeNamed(t, d.Boxes[0], b.Name); n.State != "up" || n.Control != b.Control {
			return fmt.Errorf("the first one is seen as %+v", n)
		}
		return nil
	})
}

// private makes a folder and what is in it one's own, as a copy made with rights is.
func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Chmod(path, 0o700) //nolint:gosec // a folder
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// oneKey wants every node to have the same one gossip key after a rotation.
func (d *drill) oneKey(t *testing.T) {
	t.Helper()
	r, err := d.Boxes[0].API.RotateGossipKeys(t.Context())
	if err != nil || !r.Complete || len(r.Nodes) != len(d.Boxes) {
		t.Fatalf("rotated: %+v, %v", r, err)
	}
	for _, n := range r.Nodes {
		if len(n.Keys) != 1 || n.Keys[0] != r.Key {
			t.Errorf("%s has the keys %v, want %s alone", n.Name, n.Keys, r.Key)
		}
	}
}

const locked = `kind: security
name: door
spec: {type: apikey, key: open-sesame-0815}
---
kind: channel
name: locked
spec: {method: POST, path: /locked, service: hello.say, security: [door]}
`

// sealAnew changes the keys that seal secrets while a node is off, and forgets the
// old ones: the node opens what is sealed as soon as it is back.
func sealAnew(t *testing.T, d *drill) {
	t.Helper()
	by, off := d.Boxes[0], d.Boxes[1]
	if _, err := by.API.Apply(t.Context(), client.ApplyRequest{Documents: []client.Document{{Name: "locked.yaml", Text: locked}}}); err != nil {
		t.Fatal(err)
	}
	for _, b := range d.Boxes {
		reach(t, b.Name+" lets the key in", func() bool { return opens(t, b) == nil })
	}
	off.Kill()
	r, err := by.API.RotateKeys(t.Context(), client.RotateKeys{})
	for err == nil && !r.Finished {
		r, err = by.API.RotateKeys(t.Context(), client.RotateKeys{Key: r.Key})
	}
	if err != nil || len(r.Failed) > 0 {
		t.Fatalf("sealed anew: %+v, %v", r, err)
	}
	for _, b := range d.others(off) {
		reach(t, b.Name+" lets the key in after it was sealed anew", func() bool { return opens(t, b) == nil })
	}
	if _, err := by.API.ForgetKeys(t.Context(), client.ForgetKeys{}); err != nil {
		t.Fatal(err)
	}
	off.Start()
	for _, b := range d.Boxes {
		if err := opens(t, b); err != nil {
			t.Errorf("%s after the old keys were forgotten: %v", b.Name, err)
		}
	}
}

func opens(t *testing.T, b *nodetest.Box) error {
	t.Helper()
	a, err := nodetest.TryDo(t.Context(), http.MethodPost, b.Traffic+"/locked", `{"name":"Ada"}`, "X-API-Key", "open-sesame-0815")
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("%d %s", a.Status, a.Body)
	}
	return err
}
