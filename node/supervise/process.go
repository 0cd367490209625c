package supervise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// AgainStatus is the exit status by which a program asks to be started again at
// once (EX_TEMPFAIL of sysexits).
const AgainStatus = 75

// How long a process that died waits for its next start: twice as long each
// time, until it has run for a while.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 30 * time.Second
	ranWell   = 30 * time.Second
	usualStop = time.Minute
	outlive   = 5 * time.Second // for a child of the process that holds its output open
)

// Config says what to keep running.
type Config struct {
	Name string // in the log
	// Command is the program with its arguments and environment, made anew for each
	// start. Its standard input is a pipe whose end tells it to end; it is required
	// that the program heeds that.
	Command func() *exec.Cmd
	Stdout  func(line []byte) // each line of standard output, without its end
	Stderr  func(line []byte) // each line of standard error
	// Final reports whether a process that ended with this status, -1 for a signal,
	// shall stay down; nil: never.
	Final func(status int) bool
	Stop  time.Duration   // for ending by itself, before it is killed; 0: a minute
	Kill  <-chan struct{} // when closed, a process that is to end is killed at once; nil: never
	Log   *slog.Logger    // nil means slog.Default()
}

// Process is a program that is kept running.
type Process struct {
	cfg  Config
	log  *slog.Logger
	well atomic.Bool // it came so far that the next failure is the first again
	mu   sync.Mutex
	pid  int
}

// StatusError ends Run when a process ended with a status that is final.
type StatusError struct {
	Name   string
	Status int    // -1: a signal
	How    string // in words, such as "exit status 1"
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s ended: %s", e.Name, e.How) }

// New checks cfg; nothing runs before Run.
func New(cfg Config) (*Process, error) {
	if cfg.Command == nil || cfg.Name == "" {
		return nil, errors.New("supervise: Name and Command are needed")
	}
	cfg.Stop = cmp.Or(cfg.Stop, usualStop)
	if cfg.Final == nil {
		cfg.Final = func(int) bool { return false }
	}
	return &Process{cfg: cfg, log: cmp.Or(cfg.Log, slog.Default()).With("component", "supervisor", "name", cfg.Name)}, nil
}

// Well says that the process does what it shall: when it dies, it is started
// again without a long wait.
func (p *Process) Well() { p.well.Store(true) }

// PID returns the process id, 0 while there is no process.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Run keeps the program running until ctx ends: then it is told to end, and killed
// when it does not. The error is nil then. It is a [StatusError] when the program
// ended for good, another one when it cannot be started at all.
func (p *Process) Run(ctx context.Context) error {
	wait := firstWait
	for {
		began := time.Now()
		p.well.Store(false)
		err := p.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		end, ok := errors.AsType[*StatusError](err)
		if !ok || p.cfg.Final(end.Status) {
			return err
		}
		if p.well.Load() || time.Since(began) > ranWell {
			wait = firstWait
			if end.Status == AgainStatus {
				p.log.InfoContext(ctx, "process asked to be started again")
				continue
			}
		}
		p.log.WarnContext(ctx, "process died; it is started again", "how", end.How, "after_ms", wait.Milliseconds())
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
		wait = min(2*wait, lastWait)
	}
}

// once runs the program until it ends, by itself or because ctx does.
func (p *Process) once(ctx context.Context) error {
	cmd := p.cfg.Command()
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.cfg.Name, err)
	}
	out, errs := &lineWriter{take: p.cfg.Stdout}, &lineWriter{take: p.cfg.Stderr}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, errs, outlive
	ended := make(chan error, 1)
	if err := startBound(cmd, ended); err != nil {
		return fmt.Errorf("start %s: %w", p.cfg.Name, err)
	}
	p.setPID(cmd.Process.Pid)
	defer p.setPID(0)
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = p.end(cmd, lifeline, ended)
	}
	_ = lifeline.Close() // Wait has done so already, unless it failed
	out.flush()
	errs.flush()
	return p.told(cmd, err)
}

func (p *Process) setPID(pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pid = pid
}

// end tells the process to end, waits, and kills it when it does not.
func (p *Process) end(cmd *exec.Cmd, lifeline io.Closer, ended <-chan error) error {
	_ = lifeline.Close()
	patience := time.NewTimer(p.cfg.Stop)
	defer patience.Stop()
	select {
	case err := <-ended:
		return err
	case <-patience.C:
		p.log.Warn("process does not end; it is killed", "after", p.cfg.Stop.String())
	case <-p.cfg.Kill:
	}
	_ = cmd.Process.Kill() // it may have ended this moment
	return <-ended
}

// told makes an error of how the process ended; status 0 is one too, since it was
// not asked to end.
func (p *Process) told(cmd *exec.Cmd, err error) error {
	if cmd.ProcessState == nil {
		return fmt.Errorf("wait for %s: %w", p.cfg.Name, err)
	}
	return &StatusError{Name: p.cfg.Name, Status: cmd.ProcessState.ExitCode(), How: cmd.ProcessState.String()}
}
