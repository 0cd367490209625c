package app

import (
	"signalbox.internal/cluster/discovery"
)

// LockIfIdle looks once whether the user has gone.
func (a *App) LockIfIdle() { a.lockIfIdle() }

// FoundOf makes what is found of one announcement.
func (a *App) FoundOf(name, ca, node string, control []string, from string) []FoundCluster {
	return a.foundClusters([]discovery.Beacon{{Cluster: name, CA: ca, Node: node, Control: control, From: from}})
}

// CleanSaved checks what describes a cluster.
func CleanSaved(s SaveCluster) error { return s.clean() }
