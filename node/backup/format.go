package backup

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"
)

// Format is the version of the file's form that this program writes and reads.
const Format = 1

// Bounds of what is read.
const (
	maxFrame = 64 << 10 // of one frame's content, manifest and trailer included
	maxParts = 64
	maxText  = 300 // characters of one text of the manifest
)

// The kinds of frames, in the order in which they come: the manifest, then for
// each of its parts any number of data frames and an end, then the trailer.
const (
	frameManifest = 'M'
	frameData     = 'D'
	frameEnd      = 'E'
	frameTrailer  = 'T'
)

// Manifest says what is in a file. It is encrypted like all the rest.
type Manifest struct {
	Format  int       `json:"format"`   // [Format]; the writer sets it
	Cluster string    `json:"cluster"`  // name, for people
	CA      string    `json:"ca"`       // SHA-256 of the CA's certificate: which cluster it is
	MadeAt  time.Time `json:"made_at"`  // by the clock of the box that made it
	By      string    `json:"by"`       // account that asked for it; empty when it was made offline
	Node    string    `json:"node"`     // name of the node that made it
	Version string    `json:"version"`  // of that node's program
	ODBKind string    `json:"odb_kind"` // database it was kept in: "sqlite", "postgres" …
	Schema  int       `json:"schema"`   // version of the ODB's tables
	Names   []string  `json:"names"`    // of the parts, in the order in which they come
}

// Part is what was found in or put into a file under a name.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal digits
}

// Trailer closes a file: who has read it has read everything.
type Trailer struct {
	Revision int64  `json:"revision"` // of the configuration in it
	Parts    []Part `json:"parts"`
}

// Summary is all that can be told of a file without showing what is in it.
type Summary struct {
	Manifest
	Trailer
}

var partName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,39}$`)

func (m Manifest) check() error {
	for name, text := range map[string]string{
		"cluster": m.Cluster, "by": m.By, "node": m.Node, "version": m.Version, "odb_kind": m.ODBKind,
	} {
		if len([]rune(text)) > maxText {
			return fmt.Errorf("%s has more than %d characters", name, maxText)
		}
	}
	switch {
	case m.Format != Format:
		return fmt.Errorf("it has the form %d", m.Format)
	case m.Cluster == "":
		return errors.New("the cluster has no name")
	case !isSHA256(m.CA):
		return errors.New("the CA's fingerprint is missing")
	case m.MadeAt.IsZero():
		return errors.New("the time is missing")
	case len(m.Names) == 0 || len(m.Names) > maxParts:
		return fmt.Errorf("it names %d parts; 1 to %d are possible", len(m.Names), maxParts)
	}
	for i, name := range m.Names {
		if !partName.MatchString(name) || slices.Contains(m.Names[:i], name) {
			return fmt.Errorf("part %d has no name of its own", i+1)
		}
	}
	return nil
}

func isSHA256(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 32
}

// decodeStrict reads one JSON object; unknown fields and text after it are errors.
func decodeStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is text after the object")
	}
	return nil
}
