package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// What a node does by itself is in the audit log: start, stop, deploy folder, demo.
func TestAuditOfTheNodeItself(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	n := nodetest.Start(t, nodetest.Options{Dir: dir, Demo: true})
	file := filepath.Join(dir, "deploy", "hello.ts")
	for _, step := range []struct{ code, report string }{{helloV1, ".deployed"}, {"export const x = 1 +;\n", ".failed"}} {
		if err := os.WriteFile(file, []byte(step.code), 0o600); err != nil {
			t.Fatal(err)
		}
		nodetest.Eventually(t, func() error {
			_, err := os.Stat(file + step.report)
			return err
		})
	}
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "data", "audit.spool")); err != nil || info.Mode().Perm() != 0o600 || info.Size() > 200 {
		t.Errorf("the spool is %v, %v; want an empty one that is the owner's only", info, err)
	}
	if err := os.Remove(file); err != nil { // the next start would try it again
		t.Fatal(err)
	}
	n = nodetest.Start(t, nodetest.Options{Dir: dir})
	nodetest.Eventually(t, func() error {
		l, err := n.API.Audit(t.Context(), client.AuditQuery{})
		if err != nil {
			return err
		}
		var got []string
		for _, e := range slices.Backward(l.Items) {
			if strings.HasPrefix(e.Actor, "node test") {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %v", e.Action, e.Subject, e.Outcome, e.Revision > 0)))
			}
		}
		want := "init account/admin done false, installDemo  done true, nodeStart  done false, deployFolder package/hello.ts done true, " +
			"deployFolder package/hello.ts refused false, nodeStop  done false, nodeStart  done false"
		if list := strings.Join(got, ", "); list != want {
			return fmt.Errorf("the log has\n%s\nwant\n%s", list, want)
		}
		return nil
	})
}
