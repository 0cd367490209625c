package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a peer or a node that runs while it is measured.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// readyLine is what `signalbox up -o json` prints when it is ready.
type readyLine struct {
	Ready   bool   `json:"ready"`
	Traffic string `json:"traffic"`
	Control string `json:"control"`
	CA      string `json:"ca"`
	Token   string `json:"token"`
	Nodes   []struct {
		Traffic string `json:"traffic"`
	} `json:"nodes"`
}

// node starts a program that prints a ready line and waits for it.
func startNode(ctx context.Context, name string, args ...string) (*process, readyLine, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...)} //nolint:gosec // our own binaries
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, readyLine{}, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, readyLine{}, err
	}
	var ready readyLine
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		p.stop()
		return nil, ready, fmt.Errorf("start %s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, p.stderr.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return p, ready, nil
}

// startPeer starts a program that listens on a port of its own and waits until it answers.
func startPeer(ctx context.Context, url, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...)} //nolint:gosec // fixed programs
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			return p, nil
		}
		if time.Now().After(deadline) {
			p.stop()
			return nil, fmt.Errorf("%s does not answer at %s: %w\n%s", name, url, err, p.stderr.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// freePort returns a port that was free a moment ago.
func freePort(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// rss returns the resident memory of a process in MB.
func rss(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.Fields(kb)[0], 64)
			return n / 1024, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

var (
	wrkRate = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkBad  = regexp.MustCompile(`(Non-2xx or 3xx responses|Socket errors): .*`)
)

// load drives url with wrk, 64 connections, and returns the requests per second.
// Any answer but 2xx is an error.
func (b *bench) load(ctx context.Context, url, script string) (float64, error) {
	seconds := "5"
	if b.short {
		seconds = "1"
	}
	args := []string{"-t2", "-c64", "-d" + seconds + "s"}
	if script != "" {
		args = append(args, "-s", script)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, url)...).CombinedOutput() //nolint:gosec // fixed arguments
	if err != nil {
		return 0, fmt.Errorf("run wrk: %w\n%s", err, out)
	}
	if bad := wrkBad.Find(out); bad != nil {
		return 0, fmt.Errorf("load %s: %s", url, bad)
	}
	m := wrkRate.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("read wrk's output: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// compare loads two addresses in turns and returns the median rate of each.
func (b *bench) compare(ctx context.Context, x, y, script string) (mx, my float64, err error) {
	rounds := 3
	if b.short {
		rounds = 1
	}
	var xs, ys []float64
	for range rounds {
		rx, err := b.load(ctx, x, script)
		if err != nil {
			return 0, 0, err
		}
		ry, err := b.load(ctx, y, script)
		if err != nil {
			return 0, 0, err
		}
		xs, ys = append(xs, rx), append(ys, ry)
	}
	return median(xs), median(ys), nil
}
