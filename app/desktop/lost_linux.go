package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"signalbox.internal/app"
)

// lostBefore names the variable that tells a program which started itself again when it
// did, in Unix seconds.
const lostBefore = "SIGNALBOX_DESKTOP_LOST"

const (
	pageFirst  = 200 * time.Millisecond // between looks until the page's process is there
	pageLook   = 2 * time.Second        // then
	lostAgain  = 30 * time.Second       // a page that is lost so soon after the last one is not tried a third time
	lostReport = "fatal error: the process of the page has ended\n"
)

// errPageLost ends a program whose page is gone for good.
var errPageLost = errors.New("the process that shows the page ended twice within half a minute: free some memory, or look for WebKitWebProcess in the system's journal")

// watchPage quits when the process of the page has ended: WebKit goes on showing its last
// picture, which answers nothing, and Wails tells nobody. It returns with ctx.
func (w *window) watchPage(ctx context.Context) {
	tick := time.NewTicker(pageFirst)
	defer tick.Stop()
	for pid := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if pid != 0 && runsPage(pid) {
			continue
		}
		was := pid
		if pid = pageProcess(); pid != 0 {
			tick.Reset(pageLook)
		}
		if pid != 0 || was == 0 {
			continue
		}
		if wctx, err := w.here(); err == nil && ctx.Err() == nil {
			w.log.Error("the process of the page has ended")
			w.lost.Store(true)
			w.remember()
			runtime.Quit(wctx)
		}
		return
	}
}

// pageProcess returns the id of the process in which WebKit runs the page; 0 when this
// program has none.
func pageProcess() int {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return 0
	}
	for _, list := range lists {
		ids, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for id := range strings.FieldsSeq(string(ids)) {
			if pid, err := strconv.Atoi(id); err == nil && runsPage(pid) {
				return pid
			}
		}
	}
	return 0
}

// runsPage says whether a process is one of WebKit's for pages and has not ended.
func runsPage(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name is cut at 15 characters, and the state follows it.
	_, state, ok := bytes.Cut(stat, []byte("(WebKitWebProces) "))
	return err == nil && ok && len(state) > 0 && state[0] != 'Z' && state[0] != 'X'
}

// startAgain replaces the program by a new start of itself. Edits that were not saved are
// on disk; the new start finds what to report.
func startAgain(cfg Config, o options) error {
	if err := os.WriteFile(app.CrashFile(o.dir), []byte(lostReport), 0o600); err != nil {
		return fmt.Errorf("report that the page was lost: %w", err)
	}
	if last, err := strconv.ParseInt(cfg.Getenv(lostBefore), 10, 64); err == nil && time.Since(time.Unix(last, 0)) < lostAgain {
		return errPageLost
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to start it again: %w", err)
	}
	args := []string{filepath.Base(self), "-dir", o.dir, "-log", o.level.String()}
	env := append(cfg.Environ(), lostBefore+"="+strconv.FormatInt(time.Now().Unix(), 10))
	return fmt.Errorf("start %s again: %w", self, syscall.Exec(self, args, env)) //nolint:gosec // this program itself
}
