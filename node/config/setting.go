package config

import (
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Setting describes one key of DIR/node.toml.
type Setting struct {
	Key     string // in the file
	Env     string // environment variable that sets it
	Flag    string // command line flag without dashes; empty: it has none
	Default string // as it would be written
	Help    string // what it does and when to change it
}

// Settings lists every key in the order of the template.
func Settings() []Setting {
	all := settings()
	out := make([]Setting, len(all))
	for i, s := range all {
		out[i] = Setting{Key: s.key, Env: s.env(), Flag: s.flag, Default: s.fallback(), Help: s.help}
	}
	return out
}

type setting struct {
	key, flag string
	def       string
	reason    string        // why the default is what it is, when it depends on the box
	derive    func() string // makes the default when it depends on the box
	help      string
	shared    bool // what services and clients meet, on whatever box the cluster runs
	field     func(*Config) value
}

func (s setting) env() string { return "SIGNALBOX_" + strings.ToUpper(s.key) }

func (s setting) fallback() string {
	if s.derive != nil {
		return s.derive()
	}
	return s.def
}

func settings() []setting {
	return append(append(identity(), ports()...), limits()...)
}

func identity() []setting {
	return []setting{
		{
			key: "name", flag: "node", derive: hostName, reason: "host name",
			help:  "Name of this node. It must be unique in the cluster.",
			field: func(c *Config) value { return textValue{&c.Name, checkName} },
		},
		{
			key: "cluster", flag: "name", def: "signalbox",
			help:  "Name of the cluster that this node founds, as people see it.",
			field: func(c *Config) value { return textValue{&c.Cluster, checkName} },
		},
		{
			key: "odb", flag: "odb", def: "sqlite:odb.sqlite",
			help:  "Where the operational database is: sqlite: and a file (a relative path starts in the node's folder), or postgres:// or mysql:// with USER:PASSWORD@HOST:PORT/DATABASE, or oracle:// with USER:PASSWORD@HOST:PORT/SERVICE.",
			field: func(c *Config) value { return textValue{&c.ODB, checkODB} },
		},
		{
			key: "log_level", flag: "log-level", def: "info",
			help:  "How much is logged: debug, info, warn or error.",
			field: func(c *Config) value { return textValue{&c.LogLevel, oneOf("debug", "info", "warn", "error")} },
		},
		{
			key: "log_format", flag: "log-format", def: "text",
			help:  "How it is logged: text for people, json for log collectors.",
			field: func(c *Config) value { return textValue{&c.LogFormat, oneOf("text", "json")} },
		},
	}
}

func ports() []setting {
	return []setting{
		{
			key: "traffic", flag: "traffic", def: ":11223",
			help:  "Address of the traffic port, where clients call channels. Port 0 picks a free one.",
			field: func(c *Config) value { return textValue{&c.Traffic, checkAddress} },
		},
		{
			key: "traffic_tls_cert", help: "PEM file with the certificate (and its chain) of the traffic port. Without one it speaks plain HTTP.",
			field: func(c *Config) value { return textValue{&c.TrafficTLSCert, anyText} },
		},
		{
			key: "traffic_tls_key", help: "PEM file with the key of traffic_tls_cert.",
			field: func(c *Config) value { return textValue{&c.TrafficTLSKey, anyText} },
		},
		{
			key: "control", flag: "control", def: ":8183",
			help:  "Address of the control port: the admin API, always TLS. Port 0 picks a free one.",
			field: func(c *Config) value { return textValue{&c.Control, checkAddress} },
		},
		{
			key: "gossip", flag: "gossip", def: ":7946",
			help:  "Address of the gossip port (UDP and TCP), by which nodes hear of each other. Port 0 picks a free one, and so does the node when it is not set and the usual port is taken.",
			field: func(c *Config) value { return textValue{&c.Gossip, checkAddress} },
		},
		{
			key: "advertise", flag: "advertise",
			help:  "Address (without a port) by which other nodes reach this one. Empty: the first address of the box.",
			field: func(c *Config) value { return textValue{&c.Advertise, checkIP} },
		},
		{
			key: "network", def: "wired", shared: true,
			help:  "What lies between the nodes: wired, radio (slow or lossy links, VPN), or bench (one box, tests).",
			field: func(c *Config) value { return textValue{&c.Network, oneOf("wired", "radio", "bench")} },
		},
		{
			key: "gossip_udp", def: "true",
			help:  "Gossip by UDP as well. Set it to false where UDP is not allowed: then all goes by TCP, and a dead node is noticed a little later.",
			field: func(c *Config) value { return boolValue{&c.GossipUDP} },
		},
		{
			key: "announce", def: "true",
			help:  "Announce the node on the local network (UDP port 7947), so that signalbox join --discover finds the cluster.",
			field: func(c *Config) value { return boolValue{&c.Announce} },
		},
		{
			key: "max_header", def: "64KiB", shared: true,
			help:  "Largest header of a request; a larger one is refused with 431.",
			field: func(c *Config) value { return sizeValue{&c.MaxHeader, 4 << 10, 16 << 20} },
		},
		{
			key: "read_header_timeout", def: "10s", shared: true,
			help:  "Longest time that a client may take to send a request's header.",
			field: func(c *Config) value { return durationValue{&c.ReadHeaderTimeout, 100 * time.Millisecond, time.Hour} },
		},
		{
			key: "drain_timeout", def: "30s", shared: true,
			help:  "How long a node that stops waits for the requests in flight.",
			field: func(c *Config) value { return durationValue{&c.DrainTimeout, 0, time.Hour} },
		},
	}
}

func limits() []setting {
	return []setting{
		{
			key: "service_timeout", def: "30s", shared: true,
			help:  "Longest time of a call to a service that names no time of its own.",
			field: func(c *Config) value { return durationValue{&c.ServiceTimeout, time.Millisecond, 24 * time.Hour} },
		},
		{
			key: "service_memory", def: "32MiB", shared: true,
			help:  "Memory that one virtual machine of a deployed service may use; a call that needs more is stopped.",
			field: func(c *Config) value { return sizeValue{&c.ServiceMemory, 4 << 20, 4 << 30} },
		},
		{
			key: "service_vms", def: "64", shared: true,
			help:  "Calls that one deployed package runs at a time, each in a virtual machine; more wait.",
			field: func(c *Config) value { return intValue{&c.ServiceVMs, 1, 100_000} },
		},
		{
			key: "service_vms_total", def: "256", shared: true,
			help:  "Calls that all deployed packages run at a time; more wait. At least service_vms.",
			field: func(c *Config) value { return intValue{&c.ServiceVMsTotal, 1, 100_000} },
		},
		{
			key: "data_folder", def: "data",
			help:  "Folder of the SQLite files that services use by name (a relative path starts in the node's folder). Nodes of one box may share it.",
			field: func(c *Config) value { return textValue{&c.DataFolder, checkPath} },
		},
		{
			key: "deploy_folder", def: "true",
			help:  "Watch the folder deploy in the node's folder and deploy every package that changes there.",
			field: func(c *Config) value { return boolValue{&c.DeployFolder} },
		},
		{
			key: "deploy_every", def: "1s",
			help:  "How often the folder deploy is looked at.",
			field: func(c *Config) value { return durationValue{&c.DeployEvery, 50 * time.Millisecond, time.Hour} },
		},
	}
}

// hostName makes a node's name from the first label of the box's host name.
func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return "node"
	}
	host, _, _ = strings.Cut(strings.ToLower(host), ".")
	name := strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !isNameRune(r) {
			return -1
		}
		return r
	}, host)
	if checkName(name) != nil {
		return "node"
	}
	return name
}

// Shared returns the settings of c that are not at their default and that belong
// to the cluster rather than to the box: limits and times that its services and
// clients meet. A backup takes them along. The cluster's name is not among them.
func (c *Config) Shared() map[string]string {
	out := map[string]string{}
	for _, s := range settings() {
		var standard Config
		usual := s.field(&standard)
		if !s.shared || usual.set(s.fallback()) != nil {
			continue
		}
		if text := s.field(c).String(); text != usual.String() {
			out[s.key] = text
		}
	}
	return out
}

// IsShared reports whether the setting of that key is one of those of [Config.Shared].
func IsShared(key string) bool {
	return slices.ContainsFunc(settings(), func(s setting) bool { return s.key == key && s.shared })
}
