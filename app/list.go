package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	listFile    = "clusters.json"
	listVersion = 1
	maxClusters = 500
)

// entry is a saved cluster as the list's file has it.
type entry struct {
	ID string `json:"id"`
	SaveCluster
}

// saved is the list's file. There is nothing secret in it.
type saved struct {
	Version  int     `json:"version"`
	Clusters []entry `json:"clusters"`
}

// list is the saved clusters, in the order in which they were added.
type list struct {
	path string

	mu      sync.Mutex
	entries []entry
}

// openList reads the list of a folder. A file that cannot be read is set aside, and
// the notice says so.
func openList(dir string, now time.Time) (l *list, notice string, err error) {
	l = &list{path: filepath.Join(dir, listFile)}
	var file saved
	err = LoadJSON(l.path, &file)
	if errors.Is(err, fs.ErrNotExist) {
		return l, "", nil
	}
	if err == nil {
		err = file.check()
	}
	if err != nil {
		notice, err = setAside(l.path, now, err)
		return l, notice, err
	}
	l.entries = file.Clusters
	return l, "", nil
}

func (s *saved) check() error {
	if s.Version != listVersion {
		return fmt.Errorf("it has version %d, and this app reads version %d", s.Version, listVersion)
	}
	for i := range s.Clusters {
		e := &s.Clusters[i]
		if !isID(e.ID) || slices.ContainsFunc(s.Clusters[:i], func(o entry) bool { return o.ID == e.ID }) {
			return fmt.Errorf("cluster %d has a wrong id", i+1)
		}
		if err := e.clean(); err != nil {
			return fmt.Errorf("cluster %d: %w", i+1, err)
		}
	}
	return nil
}

// isID says whether a text is an id as the app makes them; it is part of file names.
func isID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// all returns the saved clusters.
func (l *list) all() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// of returns the cluster with an authority; a zero one when there is none.
func (l *list) of(fingerprint string) entry {
	for _, e := range l.all() {
		if e.Fingerprint == fingerprint {
			return e
		}
	}
	return entry{}
}

// put adds a cluster, or replaces the one with the id, and writes the file.
func (l *list) put(e entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.entries {
		if o.ID != e.ID && strings.EqualFold(o.Name, e.Name) {
			var f faults
			f.add("/name", "another cluster has this name already")
			return f.err()
		}
	}
	next := slices.Clone(l.entries)
	if i := l.index(e.ID); i >= 0 {
		next[i] = e
	} else {
		next = append(next, e)
	}
	if len(next) > maxClusters {
		return refuse(409, "conflict", "the list has %d clusters already", maxClusters)
	}
	return l.write(next)
}

// remove takes a cluster out of the list.
func (l *list) remove(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.index(id)
	if i < 0 {
		return nil
	}
	return l.write(slices.Delete(slices.Clone(l.entries), i, i+1))
}

func (l *list) index(id string) int {
	return slices.IndexFunc(l.entries, func(e entry) bool { return e.ID == id })
}

func (l *list) write(next []entry) error {
	if err := StoreJSON(l.path, saved{Version: listVersion, Clusters: next}); err != nil {
		return err
	}
	l.entries = next
	return nil
}
