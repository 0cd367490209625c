package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"signalbox.internal/node/admin/client"
)

// The limits of what describes a cluster.
const (
	maxPaste = 1 << 20
	maxURLs  = 16 // the link of a node names no more
	maxName  = 100
	maxHost  = 253
	maxWord  = 50
)

// defaultPort is a node's control port.
const defaultPort = "8183"

// fileMark is the first field of an exported list.
const fileMark = "clusters/1"

// parsePaste reads what a user pasted or dropped: strangers' bytes. It asks nobody.
func parsePaste(text string) (Parsed, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || len(text) > maxPaste || !utf8.ValidString(text):
		return Parsed{}, errors.New("there is no link in it; it begins with signalbox://connect")
	case strings.HasPrefix(text, "{"):
		return parseDocument(text)
	case strings.HasPrefix(strings.ToLower(text), "signalbox:"):
		return parseLink(text)
	}
	address, err := parseAddress(text)
	if err != nil {
		return Parsed{}, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return Parsed{}, errors.New("it is no address")
	}
	return Parsed{Cluster: SaveCluster{Name: printable(u.Hostname(), maxName), URLs: []string{address}}}, nil
}

// parseLink reads signalbox://connect?url=…&ca=…&cluster=…&code=…
func parseLink(text string) (Parsed, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host != "connect" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return Parsed{}, errors.New("it is not a link of the form signalbox://connect?url=…&ca=…")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Parsed{}, errors.New("the link is damaged; copy it whole")
	}
	p := Parsed{Code: printable(q.Get("code"), maxWord), Cluster: SaveCluster{Name: printable(q.Get("cluster"), maxName)}}
	for _, raw := range q["url"] {
		address, err := parseAddress(raw)
		if err != nil {
			return Parsed{}, err
		}
		p.Cluster.URLs = append(p.Cluster.URLs, address)
	}
	if n := len(p.Cluster.URLs); n == 0 || n > maxURLs {
		return Parsed{}, errors.New("the link names no address, or too many")
	}
	if p.Cluster.Fingerprint, err = parseFingerprint(q.Get("ca")); err != nil {
		return Parsed{}, err
	}
	if p.Cluster.Name == "" {
		p.Cluster.Name = printable(hostOf(p.Cluster.URLs[0]), maxName)
	}
	return p, nil
}

// parseDocument reads an exported list, or the run file of a node, which has a link.
func parseDocument(text string) (Parsed, error) {
	var seen struct {
		Signalbox string `json:"signalbox"`
		Link      string `json:"link"`
	}
	if err := json.Unmarshal([]byte(text), &seen); err != nil {
		return Parsed{}, errors.New("the file is not JSON")
	}
	if seen.Signalbox == "" && strings.HasPrefix(seen.Link, "signalbox:") {
		return parseLink(seen.Link)
	}
	clusters, err := parseFile(text)
	if err != nil {
		return Parsed{}, err
	}
	return Parsed{Clusters: clusters}, nil
}

// parseFile reads an exported list.
func parseFile(text string) ([]SaveCluster, error) {
	var file ClusterFile
	if err := decodeStrict([]byte(text), &file); err != nil || file.Signalbox != fileMark {
		return nil, errors.New("it is neither a list of clusters of this version nor the run file of a node")
	}
	if len(file.Clusters) == 0 {
		return nil, errors.New("the list has no cluster in it")
	}
	for i := range file.Clusters {
		if err := file.Clusters[i].clean(); err != nil {
			return nil, err
		}
	}
	return file.Clusters, nil
}

// parseAddress makes a control address of what people type: host, host:port or URL.
func parseAddress(raw string) (string, error) {
	raw = strings.TrimRight(strings.TrimSpace(raw), "/")
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Hostname() != printable(u.Hostname(), maxHost) {
		return "", errors.New("an address looks like https://node-1.example:8183")
	}
	if u.Port() == "" {
		u.Host = strings.TrimSuffix(u.Host, ":") + ":" + defaultPort
	}
	if _, err := client.New(client.Config{URLs: []string{u.String()}}); err != nil {
		return "", errors.New("an address looks like https://node-1.example:8183, without a path and without credentials")
	}
	return u.String(), nil
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// parseFingerprint reads a SHA-256 as people copy it and writes it in one way.
func parseFingerprint(raw string) (string, error) {
	digits := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(raw)), "sha256:")))
	if sum, err := hex.DecodeString(digits); err != nil || len(sum) != sha256.Size {
		return "", errors.New("the fingerprint of the authority is sha256: and 64 hexadecimal digits; signalbox status shows it")
	}
	return "sha256:" + digits, nil
}

// clean checks what describes a cluster and writes it in one way.
func (s *SaveCluster) clean() error {
	var f faults
	s.Name = strings.TrimSpace(s.Name)
	if s.Name == "" || s.Name != printable(s.Name, maxName) {
		f.add("/name", "give a name of at most %d characters, all of them printable", maxName)
	}
	if len(s.URLs) == 0 || len(s.URLs) > maxURLs {
		f.add("/urls", "give at least one address and at most %d", maxURLs)
	}
	urls := []string{}
	for _, raw := range s.URLs {
		address, err := parseAddress(raw)
		if err != nil {
			f.add("/urls", "%v", err)
		}
		urls = append(urls, address)
	}
	s.URLs = urls
	fingerprint, err := parseFingerprint(s.Fingerprint)
	if err != nil {
		f.add("/fingerprint", "%v", err)
	}
	s.Fingerprint = fingerprint
	s.Colour = strings.ToLower(s.Colour)
	if s.Colour != "" && !isColour(s.Colour) {
		f.add("/colour", "write a colour as #rrggbb")
	}
	for pointer, word := range map[string]*string{"/tag": &s.Tag, "/environment": &s.Environment} {
		if *word = strings.TrimSpace(*word); *word != printable(*word, maxWord) {
			f.add(pointer, "at most %d characters, all of them printable", maxWord)
		}
	}
	return f.err()
}

func isColour(s string) bool {
	digits, ok := strings.CutPrefix(s, "#")
	_, err := hex.DecodeString(digits)
	return ok && err == nil && len(digits) == 6
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// printable drops what cannot be printed and what is beyond most characters.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return strings.TrimSpace(s)
}
