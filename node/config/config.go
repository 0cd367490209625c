package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FileName is the name of the settings file in a node's folder.
const FileName = "node.toml"

// Config is a node's own settings, checked and ready for use: paths are
// absolute, numbers and times lie within their bounds.
type Config struct {
	Dir string // the node's folder, absolute

	Name    string // of the node, unique in its cluster
	Cluster string // name of the cluster that this node founds

	Traffic        string // address of the traffic port; port 0 picks a free one
	TrafficTLSCert string // PEM file; empty: the traffic port speaks plain HTTP
	TrafficTLSKey  string // PEM file; set exactly when TrafficTLSCert is
	Control        string // address of the control port, always TLS

	Gossip string // address of the gossip port, UDP and TCP
	// GossipFree says that a free port may take the place of Gossip's: nobody set it.
	GossipFree bool
	Advertise  string // IP address that other nodes reach this one by; empty: found out
	Network    string // "wired", "radio" or "bench"
	GossipUDP  bool   // false: gossip by TCP alone
	Announce   bool   // on the local network

	ODB string // DSN as odb.ParseDSN reads it; with sqlite: the path is absolute. It may have a password

	LogLevel  string // "debug", "info", "warn" or "error"
	LogFormat string // "text" or "json"

	DrainTimeout      time.Duration // longest wait for requests in flight when the node stops
	MaxHeader         int64         // bytes of a request's header; more is refused with 431
	ReadHeaderTimeout time.Duration // longest time for a client to send a request's header

	ServiceTimeout  time.Duration // of services that name none
	ServiceMemory   int64         // bytes that one virtual machine of a service may use
	ServiceVMs      int           // calls that one package runs at a time, each in a virtual machine
	ServiceVMsTotal int           // calls that all packages run at a time; at least ServiceVMs

	DataFolder string // of the SQLite files that services use, absolute

	DeployFolder bool          // watch DIR/deploy and deploy what changes there
	DeployEvery  time.Duration // how often DIR/deploy is looked at
}

// Origin tells the value of one setting and where it came from.
type Origin struct {
	Key   string `json:"key"`
	Value string `json:"value"`          // as it would be written; credentials are hidden
	From  string `json:"from"`           // "default", "file", "environment" or "flag"
	Where string `json:"where"`          // the line of the file, the variable or the flag; for a default why it is this
	Env   string `json:"env"`            // the environment variable that sets it
	Help  string `json:"help,omitempty"` // what it does
}

// Load reads the settings of the node in dir. A flag wins over the environment,
// that over DIR/node.toml, that over the default; a missing file is an empty one
// and an empty variable is none. env looks a variable up, flags holds the text of
// the flags that were given, by key. The error joins every fault: each names the
// line, variable or flag, what is wrong and what would be right.
func Load(dir string, env func(string) (string, bool), flags map[string]string) (Config, []Origin, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Config{}, nil, fmt.Errorf("find folder %s: %w", dir, err)
	}
	entries, faults := readFile(filepath.Join(abs, FileName))
	l := loader{cfg: Config{Dir: abs}, file: entries, env: env, flags: flags, faults: faults}
	var origins []Origin
	for _, s := range settings() {
		o := l.load(s)
		if s.key == "gossip" {
			l.cfg.GossipFree = o.From == "default"
		}
		origins = append(origins, o)
	}
	l.finish()
	if err := errors.Join(l.faults...); err != nil {
		return Config{}, nil, err
	}
	for i, s := range settings() {
		origins[i].Value = hideCredentials(s.field(&l.cfg).String())
	}
	return l.cfg, origins, nil
}

type loader struct {
	cfg    Config
	file   map[string]entry
	env    func(string) (string, bool)
	flags  map[string]string
	faults []error
	wrong  map[string]bool // keys with a fault, on which nothing else is built
}

// load sets one setting from the strongest place that has it. Values of weaker
// places are checked too, so that a fault does not wait for its turn.
func (l *loader) load(s setting) Origin {
	o := Origin{Key: s.key, From: "default", Where: s.reason, Env: s.env(), Help: s.help}
	field := s.field(&l.cfg)
	l.try(s, o.Where, field.set(s.fallback()))
	if e, ok := l.file[s.key]; ok {
		text, err := tomlText(field, e.value)
		if err == nil {
			err = field.set(text)
		}
		o.From, o.Where = "file", e.where
		l.try(s, e.where+": "+s.key, err)
	}
	if l.env != nil {
		if text, ok := l.env(s.env()); ok && text != "" {
			o.From, o.Where = "environment", s.env()
			l.try(s, s.env(), field.set(text))
		}
	}
	if text, ok := l.flags[s.key]; ok {
		o.From, o.Where = "flag", "--"+s.flag
		l.try(s, "--"+s.flag, field.set(text))
	}
	return o
}

func (l *loader) try(s setting, where string, err error) {
	if err == nil {
		return
	}
	if l.wrong == nil {
		l.wrong = map[string]bool{}
	}
	l.wrong[s.key] = true
	l.faults = append(l.faults, fmt.Errorf("%s %w", where, err))
}

// finish checks what concerns more than one setting and makes paths absolute.
func (l *loader) finish() {
	c := &l.cfg
	if (c.TrafficTLSCert == "") != (c.TrafficTLSKey == "") && !l.wrong["traffic_tls_cert"] && !l.wrong["traffic_tls_key"] {
		l.faults = append(l.faults, errors.New("traffic_tls_cert and traffic_tls_key go together: set both or none"))
	}
	if c.Traffic == c.Control && !strings.HasSuffix(c.Traffic, ":0") && !l.wrong["traffic"] && !l.wrong["control"] {
		l.faults = append(l.faults, fmt.Errorf("traffic and control have the same address %s; give each its own port", c.Traffic))
	}
	if host, ok := strings.CutSuffix(c.Control, ":0"); ok && c.GossipFree {
		c.Gossip = host + ":0" // who wants free ports wants three of them
	}
	if c.ServiceVMsTotal < c.ServiceVMs && !l.wrong["service_vms"] && !l.wrong["service_vms_total"] {
		l.faults = append(l.faults, fmt.Errorf("service_vms is %d and service_vms_total %d: one package cannot have more than all together", c.ServiceVMs, c.ServiceVMsTotal))
	}
	c.TrafficTLSCert, c.TrafficTLSKey = c.path(c.TrafficTLSCert), c.path(c.TrafficTLSKey)
	c.DataFolder = c.path(c.DataFolder)
	if file, ok := strings.CutPrefix(c.ODB, "sqlite:"); ok {
		c.ODB = "sqlite:" + c.path(file)
	}
}

// path makes a path absolute: a relative one starts in the node's folder.
func (c *Config) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.Dir, p)
}

// Exists reports whether dir holds a settings file.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, FileName))
	return err == nil
}
