package odb

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// DSN says where an ODB is: "sqlite:FILE", or
// "postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE", or the same with
// "mysql", or with "oracle" and a service. It never shows its password unless
// Password is read.
type DSN struct {
	Kind     string   // "sqlite", "postgres", "mysql" or "oracle"
	File     string   // of sqlite, as written
	User     string   // of a server
	Password string   // of a server; a secret
	Hosts    []string // of a server, "host:port" each; more than one only of postgres and oracle
	Database string   // of a server; the service of oracle
	Options  map[string]string
}

// dsnOptions are the options that a DSN may have, by kind.
var dsnOptions = map[string][]string{
	"postgres": {"connect_timeout", "pool", "sslcert", "sslkey", "sslmode", "sslrootcert", "target_session_attrs"},
	"mysql":    {"connect_timeout", "pool", "tls", "tls_ca"},
	"oracle":   {"connect_timeout", "pool", "tls", "tls_ca"},
}

var dsnPorts = map[string]string{"postgres": "5432", "mysql": "3306", "oracle": "1521"}

// dsnForms ends what is said about a wrong DSN.
const dsnForms = "sqlite:FILE, postgres:// or mysql:// with USER:PASSWORD@HOST:PORT/DATABASE, or oracle://USER:PASSWORD@HOST:PORT/SERVICE is needed"

// ParseDSN reads a DSN. Its errors repeat nothing that may be a password.
func ParseDSN(text string) (DSN, error) {
	kind, rest, ok := strings.Cut(text, ":")
	switch {
	case !ok || strings.ContainsRune(text, 0):
		return DSN{}, errors.New("is not a DSN; " + dsnForms)
	case kind == "sqlite" && rest == "":
		return DSN{}, errors.New("names no file; sqlite:FILE is needed, such as sqlite:odb.sqlite")
	case kind == "sqlite":
		return DSN{Kind: kind, File: rest}, nil
	case kind == "postgresql":
		kind = "postgres"
	case dsnOptions[kind] == nil:
		return DSN{}, errors.New("names a database that this version does not speak; " + dsnForms)
	}
	address, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return DSN{}, errors.New("names no server; " + dsnForms)
	}
	d := DSN{Kind: kind}
	// Not by url.Parse, which knows only one host and quotes what it refuses.
	address, query, _ := strings.Cut(address, "?")
	authority, database, _ := strings.Cut(address, "/")
	if err := d.server(authority, database); err != nil {
		return DSN{}, err
	}
	return d, d.options(query)
}

func (d *DSN) server(authority, database string) error {
	var err error
	hosts := authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, _ := strings.Cut(authority[:at], ":")
		hosts = authority[at+1:]
		if d.User, err = url.PathUnescape(user); err == nil {
			d.Password, err = url.PathUnescape(password)
		}
		if err != nil {
			return errors.New("has a user or a password with a percent sign that is not followed by two hexadecimal digits; write it as %25")
		}
	}
	if d.Database, err = url.PathUnescape(database); err != nil || database == "" || strings.ContainsAny(database, "/@") {
		return errors.New("does not name one database after the host; a slash in a password is written %2F and an at sign %40; " + dsnForms)
	}
	if d.User == "" {
		return errors.New("names no user; " + dsnForms)
	}
	for host := range strings.SplitSeq(hosts, ",") {
		address, ok := dsnHost(host, dsnPorts[d.Kind])
		if !ok {
			return errors.New("has an address that is not HOST or HOST:PORT; a slash in a password is written %2F and an at sign %40")
		}
		d.Hosts = append(d.Hosts, address)
	}
	if d.Kind == "mysql" && len(d.Hosts) > 1 {
		return fmt.Errorf("names %d hosts; %s takes one", len(d.Hosts), d.Kind)
	}
	return nil
}

// dsnHost completes a host's address by the usual port.
func dsnHost(text, usual string) (string, bool) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port, err = net.SplitHostPort(text + ":" + usual)
	}
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || n == 0 || host == "" || strings.ContainsAny(host, "'\\ %") {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

func (d *DSN) options(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("has options that are not written NAME=VALUE&NAME=VALUE")
	}
	for name, all := range values {
		if !slices.Contains(dsnOptions[d.Kind], name) || len(all) != 1 || all[0] == "" {
			return fmt.Errorf("has options other than %s, or one of them twice or empty", strings.Join(dsnOptions[d.Kind], ", "))
		}
		if n, err := strconv.Atoi(all[0]); (name == "pool" || name == "connect_timeout") && (err != nil || n < 4 && name == "pool" || n < 1 || n > 1000) {
			return fmt.Errorf("has a wrong option %s; a number up to 1000 is needed: of connections, at least 4, for pool, of seconds for connect_timeout", name)
		}
		if d.Options == nil {
			d.Options = map[string]string{}
		}
		d.Options[name] = all[0]
	}
	return nil
}

// Where names the file, or the hosts and the database, without credentials.
func (d DSN) Where() string {
	if d.Kind == "sqlite" {
		return d.File
	}
	return strings.Join(d.Hosts, ",") + "/" + d.Database
}

// String writes the DSN with its password hidden.
func (d DSN) String() string {
	if d.Kind == "sqlite" {
		return "sqlite:" + d.File
	}
	user := url.PathEscape(d.User)
	if d.Password != "" {
		user += ":•••"
	}
	text := d.Kind + "://" + user + "@" + strings.Join(d.Hosts, ",") + "/" + url.PathEscape(d.Database)
	options := url.Values{}
	for name, value := range d.Options {
		options.Set(name, value)
	}
	if len(options) > 0 {
		text += "?" + options.Encode()
	}
	return text
}

// GoString is String, so that no format shows the password.
func (d DSN) GoString() string { return d.String() }

// Format writes String whatever the verb.
func (d DSN) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(d.String())) }
