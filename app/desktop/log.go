package desktop

import (
	"log/slog"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/logger"
)

// wailsLog passes on what Wails logs. Wails quotes what the page sent, which may be
// secret, so only the words before the first quotation remain.
type wailsLog struct{ log *slog.Logger }

var _ logger.Logger = wailsLog{}

func (l wailsLog) say(level slog.Level, message string) {
	if i := strings.IndexAny(message, "{[\"'`:="); i >= 0 {
		message = message[:i]
	}
	l.log.Log(nil, level, "Wails says", "text", message[:min(len(message), 200)]) //nolint:staticcheck // there is no context
}

func (l wailsLog) Print(m string)   { l.say(slog.LevelDebug, m) }
func (l wailsLog) Trace(m string)   { l.say(slog.LevelDebug, m) }
func (l wailsLog) Debug(m string)   { l.say(slog.LevelDebug, m) }
func (l wailsLog) Info(m string)    { l.say(slog.LevelDebug, m) }
func (l wailsLog) Warning(m string) { l.say(slog.LevelWarn, m) }
func (l wailsLog) Error(m string)   { l.say(slog.LevelError, m) }
func (l wailsLog) Fatal(m string)   { l.say(slog.LevelError, m) }
