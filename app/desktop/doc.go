// Package desktop is the window of the desktop app, and the only one that imports Wails:
// menu, the system's dialogs and notifications, one instance, signalbox:// links, the
// size of the window, files dropped on it, and reports when the program ends by a
// mistake.
//
// It offers [Run]. What the page can do it does through app's handler, as in a plain
// browser; the page uses no function of Wails. It keeps nothing of clusters: that is
// app's, which it imports.
//
// It builds without GTK; the window itself needs the tags desktop and production, on
// Linux also webkit2_41, which bring in cgo and GTK.
package desktop
