package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"signalbox.internal/cluster"
	"signalbox.internal/node/config"
)

// Parts of a backup that are no files.
const (
	partSettings = "settings"
	partODB      = "odb"
)

// maxSmallPart bounds every part but the ODB: they are kept in memory.
const maxSmallPart = 1 << 20

// keyPart is a file of a node's folder that belongs to the cluster. All that a
// cluster has besides its ODB is in this list.
type keyPart struct {
	name, file string
	required   bool
}

func keyParts() []keyPart {
	return []keyPart{
		{"ca.crt", filepath.Join(keysDir, cluster.CACertFile), true},
		{"ca.key", filepath.Join(keysDir, cluster.CAKeyFile), true},
		{"secrets.keys", keyringFile, true},
		{"gossip.keys", gossipKeysFile, false}, // a folder from before gossip has none
		{"admin.token", adminTokenFile, false}, // it may be taken away
	}
}

// keyFiles are the contents of the key parts that are there, by name.
type keyFiles map[string][]byte

// readKeyFiles reads the key parts of a node's folder. A key that others may read
// is refused.
func readKeyFiles(dir string) (keyFiles, error) {
	files := keyFiles{}
	for _, p := range keyParts() {
		path := filepath.Join(dir, p.file)
		err := cluster.CheckPrivate(path)
		if errors.Is(err, fs.ErrNotExist) && !p.required {
			continue
		}
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if len(content) == 0 || len(content) > maxSmallPart {
			return nil, fmt.Errorf("%s has %d bytes: it is no key", path, len(content))
		}
		files[p.name] = content
	}
	return files, nil
}

// names lists the key parts that are there, in their order.
func (f keyFiles) names() []string {
	var out []string
	for _, p := range keyParts() {
		if _, there := f[p.name]; there {
			out = append(out, p.name)
		}
	}
	return out
}

// follows reports whether f fits an ODB that was dumped between the reading of
// before and that of f: nothing may have changed but keys added to the ring.
func (f keyFiles) follows(before keyFiles) bool {
	for _, p := range keyParts() {
		if p.name == "secrets.keys" && bytes.HasPrefix(f[p.name], before[p.name]) {
			continue
		}
		if !bytes.Equal(f[p.name], before[p.name]) {
			return false
		}
	}
	return true
}

// carriedSettings is the part "settings": what of node.toml belongs to the cluster.
type carriedSettings struct {
	Cluster    string            `json:"cluster"`
	Settings   map[string]string `json:"settings"`    // by key, as node.toml has them
	TrafficTLS bool              `json:"traffic_tls"` // the node had a certificate of its own there, which is the box's
}

func carried(cfg config.Config) carriedSettings {
	return carriedSettings{Cluster: cfg.Cluster, Settings: cfg.Shared(), TrafficTLS: cfg.TrafficTLSCert != ""}
}

// readCarried reads the part; a setting that this program does not carry is refused.
func readCarried(text []byte) (carriedSettings, error) {
	var c carriedSettings
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("part %s: %w", partSettings, err)
	}
	for key := range c.Settings {
		if !config.IsShared(key) {
			return c, fmt.Errorf("part %s: this program knows no setting %.50q that a cluster has; use the program that made the backup", partSettings, key)
		}
	}
	return c, nil
}

// checkParts refuses a backup that lacks something or has more than this program
// can restore: half a restore is none.
func checkParts(names []string) error {
	known := []string{partSettings, partODB}
	for _, p := range keyParts() {
		known = append(known, p.name)
		if p.required && !slices.Contains(names, p.name) {
			return fmt.Errorf("the backup has no part %s", p.name)
		}
	}
	for _, name := range known[:2] {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the backup has no part %s", name)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("the backup has a part %s that this program cannot restore; use the program that made it, or a newer one", name)
		}
	}
	return nil
}

// readSmall reads a part that is kept in memory.
func readSmall(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxSmallPart+1))
	if err == nil && len(content) > maxSmallPart {
		err = fmt.Errorf("it has more than %d bytes", maxSmallPart)
	}
	return content, err
}
