// Package app is the core of the desktop app: the clusters a user has saved, signing
// in to them, what was last known of each, and one http.Handler below /api that
// reaches them. The user interface has no other way in.
//
// It offers [Open] for all of that, [App.Handler] for a window, and [Console] for a
// plain browser on the loopback interface. Each cluster has a connection, a worker and
// a budget of its own, so that one that hangs slows no other.
//
// It shows nothing: windows, menus and dialogs are app/desktop's, the pages
// frontend's. It has no cgo and knows no Wails. It imports node/admin/client.
package app
