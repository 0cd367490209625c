package desktop

import (
	"html"
	"runtime"
	"strconv"
	"strings"

	"signalbox.internal/app"
)

// english are the texts of the window before its page has said them in its own language;
// the same stand in the page's catalogue.
func english() map[string]string {
	return map[string]string{
		"window.file":     "File",
		"window.add":      "Add a cluster…",
		"window.open":     "Open files…",
		"window.folder":   "Open a folder…",
		"window.settings": "Settings…",
		"window.quit":     "Quit",
		"window.view":     "View",
		"window.find":     "Find anything…",
		"window.switch":   "Switch cluster…",
		"window.home":     "All clusters",
		"window.back":     "Back",
		"window.forward":  "Forward",
		"window.reload":   "Reload",
		"window.larger":   "Larger",
		"window.smaller":  "Smaller",
		"window.normal":   "Normal size",
		"window.full":     "Full screen",
		"window.copyLink": "Copy a link to this screen",
		"window.help":     "Help",
		"window.keys":     "Keys",
		"window.about":    "About Signalbox",
		"window.down":     "{name} does not answer",
		"window.downMany": "{n} clusters do not answer",
		"window.back1":    "{name} is back",
		"window.backMany": "{n} clusters are back",
	}
}

// text returns a text in the page's language.
func (s settings) text(key string) string {
	if t := s.Texts[key]; t != "" {
		return t
	}
	return english()[key]
}

// message is the text of an alert: its head and what is below.
func (s settings) message(one, many string, clusters []app.Cluster) (title, body string) {
	if len(clusters) == 1 {
		title = strings.ReplaceAll(s.text(one), "{name}", clusters[0].Name)
		return title, plain(clusters[0].Why)
	}
	var names []string
	for _, c := range clusters {
		names = append(names, c.Name)
	}
	return strings.ReplaceAll(s.text(many), "{n}", strconv.Itoa(len(clusters))), plain(strings.Join(names, ", "))
}

// plain escapes what a notification of Linux would take for markup.
func plain(s string) string {
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	if runtime.GOOS == "linux" {
		return html.EscapeString(s)
	}
	return s
}
