package node_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signalbox.internal/build/testservers"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/nodetest"
)

// readmeBox is one of the README's boxes: a name, a folder, free ports.
type readmeBox struct {
	t      *testing.T
	name   string
	dir    string
	binary string
	cmd    *exec.Cmd // of run
	log    *logText
	line   struct {
		Ready   bool
		Traffic string
		Nodes   []struct{ PID int }
	}
}

// command makes a command of a line of the README, on this box.
func (b *readmeBox) command(line string) *exec.Cmd {
	line = strings.ReplaceAll(line, "/var/lib/signalbox", b.dir)
	line = strings.Replace(line, "signalbox ", b.binary+" ", 1)
	cmd := exec.CommandContext(b.t.Context(), "sh", "-c", "exec "+line) //nolint:gosec // our own README
	cmd.Env = append(os.Environ(), "SIGNALBOX_NAME="+b.name, "SIGNALBOX_TRAFFIC=127.0.0.1:0", "SIGNALBOX_CONTROL=127.0.0.1:0",
		"SIGNALBOX_GOSSIP=127.0.0.1:0", "SIGNALBOX_ANNOUNCE=false", "SIGNALBOX_NETWORK=bench")
	return cmd
}

// do runs a command and returns its output.
func (b *readmeBox) do(line string) string {
	b.t.Helper()
	cmd := b.command(line)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("%s: %s: %v\n%s%s", b.name, line, err, out, errs.String())
	}
	return string(out)
}

// run starts the node and waits until it is ready.
func (b *readmeBox) run(line string) {
	b.t.Helper()
	b.cmd, b.log = b.command(line+" -o json"), &logText{}
	b.cmd.Stderr = b.log
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(b.kill)
	text, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &b.line)
	}
	if err != nil || !b.line.Ready {
		b.t.Fatalf("%s: %s: %v\n%s%s", b.name, line, err, text, b.log)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
}

// kill ends the node as a power cut would.
func (b *readmeBox) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// readmeBlocks returns the blocks of commands of the README's section.
func readmeBlocks(t *testing.T, section string) [][]string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(readme), "\n### "+section+"\n")
	if !found {
		t.Fatalf("the README has no section %s", section)
	}
	text, _, _ = strings.Cut(text, "\n### ")
	var blocks [][]string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)\n```").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, strings.Split(m[1], "\n"))
	}
	return blocks
}

// The README's way to three boxes with PostgreSQL, command by command, on one
// machine. Then one of them dies: the others serve and can be administered, and it
// comes back level.
func TestReadmeThreeBoxes(t *testing.T) {
	t.Parallel()
	s := testservers.Postgres(t)
	dsn := url.URL{Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Host: fmt.Sprintf("%s:%d", s.Host, s.Port), Path: s.Database}
	blocks := readmeBlocks(t, "Three boxes")
	if len(blocks) != 4 {
		t.Fatalf("the section has %d blocks of commands, want those of box 1, the token, boxes 2 and 3, any box", len(blocks))
	}
	tmp := t.TempDir()
	var boxes []*readmeBox
	for i := range 3 {
		name := fmt.Sprintf("box%d", i+1)
		boxes = append(boxes, &readmeBox{t: t, name: name, dir: filepath.Join(tmp, name), binary: builder.Binary(t)})
	}
	first := boxes[0]
	first.do(strings.ReplaceAll(blocks[0][0], "postgres://signalbox:PASSWORD@db1/signalbox", dsn.String()))
	first.run(blocks[0][1])
	token := strings.TrimSpace(first.do(blocks[1][0]))
	for _, b := range boxes[1:] {
		b.do(strings.ReplaceAll(blocks[2][0], "TOKEN", token))
		b.run(blocks[2][1])
	}
	hello := filepath.Join(tmp, "hello")
	boxes[2].do("signalbox new " + hello)
	for _, line := range blocks[3] {
		boxes[2].do(strings.ReplaceAll(line, "/tmp/hello", hello))
	}
	greeted := func(b *readmeBox, path string) error {
		a, err := nodetest.TryDo(t.Context(), http.MethodPost, b.line.Traffic+path, `{"name":"Ada"}`, "Content-Type", "application/json")
		if err == nil && (a.Status != http.StatusOK || !strings.Contains(a.Body, "Ada")) {
			err = fmt.Errorf("%s answers %d %s", b.name, a.Status, a.Body)
		}
		return err
	}
	for _, b := range boxes {
		nodetest.Eventually(t, func() error { return greeted(b, "/hello") })
	}
	first.kill()
	for _, b := range boxes[1:] {
		if err := greeted(b, "/hello"); err != nil {
			t.Errorf("with box 1 dead: %v", err)
		}
	}
	boxes[1].do("signalbox set channel hello path=/late --dir /var/lib/signalbox")
	nodetest.Eventually(t, func() error {
		var nodes []client.Node
		if err := json.Unmarshal([]byte(boxes[2].do("signalbox nodes -o json --dir /var/lib/signalbox")), &nodes); err != nil {
			return err
		}
		if len(nodes) != 3 || nodes[0].State == "up" || nodes[1].State != "up" || nodes[2].State != "up" {
			return fmt.Errorf("the nodes are %+v", nodes)
		}
		return nil
	})
	back := time.Now()
	first.run(blocks[0][1])
	if err := greeted(first, "/late"); err != nil { // ready means level
		t.Errorf("box 1 is back and not level: %v", err)
	}
	t.Logf("box 1 was back and level after %s", time.Since(back))
	nodetest.Eventually(t, func() error {
		var st client.Status
		if err := json.Unmarshal([]byte(first.do("signalbox status -o json --dir /var/lib/signalbox")), &st); err != nil {
			return err
		}
		if st.Nodes.Up != 3 || !st.Level {
			return errors.New("not level yet: " + fmt.Sprintf("%+v", st))
		}
		return nil
	})
	for _, b := range boxes {
		if strings.Contains(b.log.String(), s.Password) || strings.Contains(b.log.String(), url.PathEscape(s.Password)) {
			t.Errorf("the log of %s shows the database's password", b.name)
		}
	}
}
