package node

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/frontend"
	"signalbox.internal/odb/sqldb"
)

// Info is what people and scripts need to reach a running node.
type Info struct {
	Name    string    `json:"name"`
	Dir     string    `json:"dir"`
	Traffic string    `json:"traffic"` // URL
	Control string    `json:"control"` // URL
	CA      string    `json:"ca"`      // path of the CA's certificate
	Link    string    `json:"link"`    // connects a desktop app; carries no secret
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Claim   string    `json:"-"` // one-time code for the first administrator, made at the start; empty when the cluster is claimed
	UI      bool      `json:"-"` // the control port has the user interface: the binary was built with it
	Notice  string    `json:"-"` // what is not as it should be; empty: nothing
	Token   string    `json:"-"` // bearer token of the first administrator; empty when it was taken away
}

// Info describes the node. It may be called once Open has returned.
func (n *Node) Info() Info {
	scheme := "http"
	if n.cfg.TrafficTLSCert != "" {
		scheme = "https"
	}
	control := "https://" + reachable(n.control.Addr())
	link := url.URL{Scheme: "signalbox", Host: "connect", RawQuery: url.Values{
		"url": n.controls(control), "ca": {"sha256:" + n.authority.Fingerprint()}, "cluster": {n.cfg.Cluster},
	}.Encode()}
	return Info{
		Name: n.cfg.Name, Dir: n.cfg.Dir, Traffic: scheme + "://" + reachable(n.traffic.Addr()), Control: control,
		CA: n.authority.CertPath(), Link: link.String(), PID: os.Getpid(), Version: n.opts.Version, Started: n.started,
		Claim:  n.claim,
		UI:     frontend.Built,
		Token:  readToken(filepath.Join(n.cfg.Dir, adminTokenFile)),
		Notice: n.notice(),
	}
}

// MostLinkAddresses is how many addresses a link for the desktop app names at most; the
// app takes no more of a cluster.
const MostLinkAddresses = 16

// controls are the control addresses of the cluster as far as this node knows them: its
// own first, then those of the other members by name.
func (n *Node) controls(own string) []string {
	all := []string{own}
	for _, v := range n.roster.Views() {
		if address := "https://" + v.Control; !v.Local && v.Control != "" && len(all) < MostLinkAddresses && !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	return all
}

// ODBSchema returns the version of the ODB's schema that this program makes and speaks.
func ODBSchema() int { return sqldb.SchemaVersion() }

// reachable turns a listener's address into one that a client on this box can use.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// writeRunFile leaves the node's addresses in its folder, for the CLI.
func (n *Node) writeRunFile() error {
	text, err := json.MarshalIndent(n.Info(), "", "  ")
	if err != nil {
		return fmt.Errorf("write run file: %w", err)
	}
	return cluster.WritePrivate(filepath.Join(n.cfg.Dir, runFile), append(text, '\n'))
}

// certificateHosts are the names and addresses that the control port is reached by.
func (n *Node) certificateHosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1", n.cfg.Advertise}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	host, _, err := net.SplitHostPort(n.control.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && !ip.IsUnspecified() {
		return append(hosts, host)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return hosts
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() && !n.IP.IsLoopback() {
			hosts = append(hosts, n.IP.String())
		}
	}
	return hosts
}
