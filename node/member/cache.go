package member

import (
	"bytes"
	"encoding/json"
	"os"

	"signalbox.internal/cluster"
	"signalbox.internal/odb"
)

// saveCache keeps the list on disk when it changed in what a start without the
// ODB needs: who is a member and where. It holds no secret.
func (r *Roster) saveCache(all []odb.Member) {
	kept := make([]odb.Member, len(all))
	for i, m := range all {
		m.Seen = m.Joined // changes all the time and is of no use later
		kept[i] = m
	}
	text, err := json.MarshalIndent(kept, "", " ")
	if err != nil {
		r.log.Warn("list of nodes cannot be kept", "error", err)
		return
	}
	r.mu.Lock()
	same := bytes.Equal(text, r.saved)
	r.saved = text
	r.mu.Unlock()
	if same || r.cfg.Cache == "" {
		return
	}
	if err := cluster.WritePrivate(r.cfg.Cache, text); err != nil {
		r.log.Warn("list of nodes cannot be kept", "error", err)
	}
}

// loadCache takes the list of the last run until the ODB is read. A broken file
// is none.
func (r *Roster) loadCache() {
	if r.cfg.Cache == "" {
		return
	}
	text, err := os.ReadFile(r.cfg.Cache)
	if err != nil {
		return
	}
	var all []odb.Member
	if err := json.Unmarshal(text, &all); err != nil {
		r.log.Warn("list of nodes on disk cannot be read; it is made anew from the ODB", "file", r.cfg.Cache, "error", err)
		return
	}
	for _, m := range all {
		r.members[m.ID] = m
	}
}
