package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signalbox.internal/node/nodetest"
)

// The commands of the README's five minutes work as typed, against a node that
// was started as the README starts it.
func TestReadmeTour(t *testing.T) {
	t.Parallel()
	binary := builder.Binary(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, _ := strings.Cut(string(readme), "## Five minutes with it")
	tour, _, found := strings.Cut(tour, "## The desktop")
	if !found {
		t.Fatal("the README has no tour")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	p := nodetest.Up(t, binary, dir, "--demo")
	outgoing, err := p.API.Definition(t.Context(), "outgoing", "demo.partner")
	if err != nil {
		t.Fatal(err)
	}
	partner := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(outgoing.Spec))
	here := strings.NewReplacer(
		"http://127.0.0.1:11223", p.Traffic, "http://127.0.0.1:11224", partner, "/tmp/", t.TempDir()+"/",
		"export SIGNALBOX_DIR=build/dev/demo", "export SIGNALBOX_DIR="+dir,
		"PATH=$PWD/build/dev:$PATH", "PATH="+filepath.Dir(binary)+":$PATH",
	)
	var script strings.Builder
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(tour, -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); line == "" || line == "make run" {
				continue
			}
			commands++
			script.WriteString("echo \"$ " + strings.NewReplacer("\\", "\\\\", "\"", "\\\"", "$", "\\$", "`", "\\`").Replace(line) + "\"\n" + here.Replace(line) + "\necho\n")
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-eu", "-o", "pipefail", "-c", script.String()) //nolint:gosec // our own README
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if err != nil || commands < 20 {
		t.Fatalf("%d commands: %v\n%s", commands, err, out)
	}
	for _, want := range []string{
		`"stored":30`, `"result":"36.79"`, "HTTP/1.1 201 Created", "Location: /demo/orders/PO-1001", "Location: /demo/orders/PO-1003",
		`"pointer":`, `"user":"demo"`, `"user":"demo-app"`, "HTTP/1.1 401 Unauthorized", "rates.convert", "2 passed", "Ada",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the tour's output lacks %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
