package app

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"signalbox.internal/cluster/discovery"
	"signalbox.internal/node/admin/client"
)

// listenFor is how long announcements are awaited: nodes answer within a second.
const listenFor = 2 * time.Second

// mostFound is how many clusters one look on the network may show: anybody may announce.
const mostFound = 100

// FoundCluster is a cluster that announced itself on the local network. Nothing of it is
// proved: its fingerprint is to be compared with what a node's console shows.
type FoundCluster struct {
	Cluster SaveCluster `json:"cluster" jsonschema:"as it could be saved"`
	Nodes   []string    `json:"nodes" jsonschema:"names of the nodes that answered"`
	From    []string    `json:"from" jsonschema:"addresses that the announcements came from"`
	Exists  string      `json:"exists,omitempty" jsonschema:"id of a saved cluster with the same authority"`
}

// discover asks on the local networks which clusters are there. It takes two seconds.
func (a *App) discover(r *http.Request) (any, error) {
	if a.cfg.Mode == ModeNode {
		return nil, refuse(http.StatusNotFound, client.CodeNotFound, "a node does not look for other clusters")
	}
	a.discovering.Lock() // one look at a time
	defer a.discovering.Unlock()
	found, err := a.ask(r.Context())
	if err != nil {
		a.log.Warn("clusters on the local network cannot be looked for", "error", err)
		return nil, refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "this machine cannot listen for announcements: %v", err)
	}
	return client.List[FoundCluster]{Items: a.foundClusters(found)}, nil
}

func (a *App) ask(ctx context.Context) ([]discovery.Beacon, error) {
	return discovery.Ask(ctx, discovery.AskConfig{For: listenFor, Port: a.cfg.DiscoveryPort, Log: a.log})
}

// foundClusters joins the announcements of each cluster: strangers' bytes. One whose
// fingerprint or addresses are none is left out.
func (a *App) foundClusters(beacons []discovery.Beacon) []FoundCluster {
	out := []FoundCluster{}
	for _, b := range beacons {
		fingerprint, err := parseFingerprint(b.CA)
		if err != nil {
			continue
		}
		urls := announced(b.Control)
		if len(urls) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(f FoundCluster) bool { return f.Cluster.Fingerprint == fingerprint })
		if i < 0 {
			if len(out) == mostFound {
				continue
			}
			name := printable(b.Cluster, maxName)
			if name == "" {
				name = hostOf(urls[0])
			}
			out = append(out, FoundCluster{Cluster: SaveCluster{Name: name, Fingerprint: fingerprint, URLs: []string{}}, Nodes: []string{}, From: []string{}, Exists: a.list.of(fingerprint).ID})
			i = len(out) - 1
		}
		one := &out[i]
		one.Cluster.URLs = upTo(maxURLs, one.Cluster.URLs, urls...)
		one.Nodes = upTo(maxURLs, one.Nodes, printable(b.Node, maxName))
		one.From = upTo(maxURLs, one.From, b.From)
	}
	return out
}

// announced makes control addresses of what was announced.
func announced(hosts []string) (urls []string) {
	for _, host := range hosts {
		if address, err := parseAddress(host); err == nil && !strings.ContainsAny(host, "/?#@") {
			urls = append(urls, address)
		}
	}
	return urls
}

// upTo adds what is not there yet.
func upTo(most int, to []string, add ...string) []string {
	for _, one := range add {
		if one != "" && len(to) < most && !slices.Contains(to, one) {
			to = append(to, one)
		}
	}
	return to
}

// look tries every address of a saved cluster and says which authority it shows.
func (a *App) look(r *http.Request, c *conn) (any, error) {
	c.mu.Lock()
	saved := c.saved
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(r.Context(), lookTime)
	defer cancel()
	found := lookAll(ctx, saved.URLs)
	for i := range found {
		found[i].URL = saved.URLs[i]
		found[i].Matches = found[i].Reachable && found[i].Fingerprint == saved.Fingerprint
	}
	c.poke()
	return client.List[Shown]{Items: found}, nil
}
