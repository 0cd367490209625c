package desktop

import (
	"errors"
	"io/fs"
	"path/filepath"

	"signalbox.internal/app"
)

// settingsFile holds what the window remembers.
const (
	settingsFile    = "window.json"
	settingsVersion = 1
)

// The size of a window that nobody has changed, and the smallest that is kept.
const (
	firstWidth, firstHeight = 1280, 832
	leastWidth, leastHeight = 480, 360
	mostSide                = 16384
)

// settings are what the window remembers. Not its place: on Wayland nobody knows it, and
// elsewhere the window manager knows it better.
type settings struct {
	Version       int               `json:"version"`
	Width         int               `json:"width"`
	Height        int               `json:"height"`
	Maximised     bool              `json:"maximised"`
	Notifications bool              `json:"notifications"`
	GPU           app.GPUPolicy     `json:"gpu"`
	Dark          bool              `json:"dark"`
	Language      string            `json:"language"`
	Texts         map[string]string `json:"texts"`
}

// loadSettings reads what is remembered; what cannot be read is a comfort lost and no
// more, so it is as on the first day.
func loadSettings(dir string) (settings, error) {
	first := settings{Version: settingsVersion, Width: firstWidth, Height: firstHeight, Notifications: true, GPU: app.GPUNever}
	var s settings
	err := app.LoadJSON(filepath.Join(dir, settingsFile), &s)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return first, nil
	case err != nil:
		return first, err
	case s.Version != settingsVersion:
		return first, errors.New("it is of another version")
	}
	if s.Width < leastWidth || s.Height < leastHeight || s.Width > mostSide || s.Height > mostSide {
		s.Width, s.Height = firstWidth, firstHeight
	}
	switch s.GPU {
	case app.GPUNever, app.GPUOnDemand, app.GPUAlways:
	default:
		s.GPU = app.GPUNever
	}
	return s, nil
}

// sized takes over the size of the window; a maximised one keeps the size it had before.
func (s *settings) sized(width, height int, maximised bool) bool {
	old := [3]any{s.Width, s.Height, s.Maximised}
	s.Maximised = maximised
	if !maximised && width >= leastWidth && height >= leastHeight {
		s.Width, s.Height = min(width, mostSide), min(height, mostSide)
	}
	return old != [3]any{s.Width, s.Height, s.Maximised}
}
