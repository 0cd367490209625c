package cli

import (
	"fmt"
	"sync"
	"time"
)

// stopwatch shows on stderr that a command waits: on a terminal one line that
// counts, else a line each half minute.
type stopwatch struct {
	stop chan struct{}
	done sync.WaitGroup
}

// stopwatch begins to tell; end must be called before anything else is written.
func (a *app) stopwatch(what string, most time.Duration) *stopwatch {
	p := &stopwatch{stop: make(chan struct{})}
	every, terminal := 30*time.Second, isTerminal(a.env.Stderr)
	if terminal {
		every = time.Second
	}
	begun := time.Now()
	p.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				if terminal {
					a.err.write("\r\x1b[K")
				}
				return
			case <-tick.C:
				line := fmt.Sprintf("%s: %s of at most %s", what, time.Since(begun).Round(time.Second), most)
				if terminal {
					a.err.write("\r\x1b[K" + line)
				} else {
					a.err.line("%s", line)
				}
			}
		}
	})
	return p
}

// end stops telling; on nil it does nothing.
func (p *stopwatch) end() {
	if p != nil {
		close(p.stop)
		p.done.Wait()
	}
}
