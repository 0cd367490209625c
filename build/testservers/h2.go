package testservers

import (
	"bytes"
	"context"
	_ "embed" // the bridge is one source file, which the java command compiles as it starts
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

//go:embed Bridge.java
var bridgeSource []byte

// H2 starts H2 in its Oracle mode behind a bridge (Bridge.java, which says how it is
// spoken to) and returns the bridge's address. Every name is a database of its own,
// in memory. It ends with the test.
func H2(t testing.TB) (address string) {
	t.Helper()
	const packages = "default-jdk-headless and libh2-java"
	java, err := find("java", "/usr/lib/jvm/*/bin/java")
	if err != nil {
		missing(t, packages, err)
	}
	if _, err := find("javac", "/usr/lib/jvm/*/bin/javac"); err != nil {
		missing(t, packages, err)
	}
	const jar = "/usr/share/java/h2.jar"
	if _, err := os.Stat(jar); err != nil {
		missing(t, packages, err)
	}
	source := filepath.Join(t.TempDir(), "Bridge.java")
	if err := os.WriteFile(source, bridgeSource, 0o600); err != nil {
		t.Fatal(err)
	}
	// Bound to the life of this process three times: by its standard input, by the
	// kernel (see startBound) and by the clean-up.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), java,
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", jar, source)
	stdin, alive, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said := &firstLine{line: make(chan string, 1)}
	output := &tail{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, said, output
	ended := make(chan struct{})
	err = startBound(cmd, credential{}, ended)
	_ = stdin.Close() // the child has it
	if err != nil {
		_ = alive.Close()
		t.Fatalf("start the bridge to H2: %v", err)
	}
	t.Cleanup(func() {
		_ = alive.Close()
		select {
		case <-ended:
		case <-time.After(stopTime):
			t.Error("the bridge to H2 did not end with its input; killing it")
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	select {
	case port := <-said.line:
		return "127.0.0.1:" + port
	case <-ended:
		t.Fatalf("the bridge to H2 ended at its start:\n%s", output)
	case <-time.After(startTime):
		t.Fatalf("the bridge to H2 said nothing for %s:\n%s", startTime, output)
	}
	return ""
}

// firstLine hands on the first line that is written to it.
type firstLine struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	line chan string
	done bool
}

var _ io.Writer = (*firstLine)(nil)

func (f *firstLine) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return len(p), nil
	}
	f.buf.Write(p)
	if line, _, ok := strings.Cut(f.buf.String(), "\n"); ok {
		f.done = true
		f.line <- strings.TrimSpace(line)
	}
	return len(p), nil
}
