package app

import (
	"net/http"
	"os"
	"runtime"
	"time"
)

// About tells of the running program.
type About struct {
	Version  string    `json:"version"`
	Go       string    `json:"go" jsonschema:"version of Go that built it"`
	System   string    `json:"system" jsonschema:"operating system and processor"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	RSSBytes int64     `json:"rss_bytes,omitempty" jsonschema:"memory of this process that is in RAM; absent where the system does not tell"`
	Heap     int64     `json:"heap_bytes" jsonschema:"of it, what Go holds"`
	Dir      string    `json:"dir" jsonschema:"folder of the app's files"`
	Clusters int       `json:"clusters" jsonschema:"in the list"`
}

func (a *App) about(*http.Request) (any, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return About{
		Version: a.cfg.Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, PID: os.Getpid(),
		Started: a.started, RSSBytes: residentBytes(), Heap: int64(m.HeapInuse), Dir: a.cfg.Dir, Clusters: len(a.list.all()), //nolint:gosec // a heap fits
	}, nil
}
