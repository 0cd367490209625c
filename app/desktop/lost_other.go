//go:build !linux

package desktop

import (
	"context"
	"errors"
)

// watchPage is for WebKitGTK; elsewhere the toolkit itself deals with a page whose
// process has ended.
func (w *window) watchPage(context.Context) {}

func startAgain(Config, options) error { return errors.ErrUnsupported }
