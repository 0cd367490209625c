package lastgood

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/odb"
)

// The first line of the file: what it is and which form it has.
const (
	magic  = "signalbox last good configuration, form "
	form   = "1"
	prefix = magic + form + "\n"
)

// Box seals and opens bytes; *security.Keyring is one.
type Box interface {
	// Seal encrypts plain; the result opens only with the same additional data.
	Seal(plain, ad []byte) (string, error)
	// Open decrypts what Seal made. Its errors tell nothing of the content.
	Open(sealed string, ad []byte) ([]byte, error)
}

// State is what the file keeps.
type State struct {
	Revision    int64
	Definitions []odb.Definition // every one at the revision
	Access      *Access
	Saved       time.Time // by the node's clock
}

// Snapshot makes the snapshot of the state, with the same error as [odb.NewSnapshot].
func (s *State) Snapshot() (*odb.Snapshot, error) { return odb.NewSnapshot(s.Revision, s.Definitions) }

// Config says which file.
type Config struct {
	Path    string
	Box     Box
	Cluster string // its name; the file of another cluster does not open
}

// File is the sealed file of one node. Read and Write are not for use at once.
type File struct{ cfg Config }

// NewFile returns the file; it need not be there.
func NewFile(cfg Config) (*File, error) {
	if cfg.Path == "" || cfg.Box == nil {
		return nil, errors.New("lastgood config: a path and a box are needed")
	}
	return &File{cfg: cfg}, nil
}

// Path returns the file's path.
func (f *File) Path() string { return f.cfg.Path }

// content is what is sealed: odb's own JSON hides hashes, which belong in here.
type content struct {
	Revision    int64            `json:"revision"`
	Saved       time.Time        `json:"saved"`
	Read        time.Time        `json:"read"` // accounts and tokens
	Definitions []odb.Definition `json:"definitions"`
	Accounts    []account        `json:"accounts"`
	Tokens      []token          `json:"tokens"`
}

type account struct {
	odb.Account
	Password string `json:"password"`
}

type token struct {
	odb.Token
	Hash string `json:"hash"`
}

// ad binds the file to its purpose, its form and the cluster.
func (f *File) ad() []byte { return []byte(prefix + f.cfg.Cluster) }

// Write replaces the file in one step: after a crash it is the old one or the new one.
func (f *File) Write(s State) error {
	c := content{Revision: s.Revision, Saved: s.Saved, Definitions: s.Definitions}
	if s.Access != nil {
		c.Read = s.Access.read
		for _, a := range s.Access.accounts {
			c.Accounts = append(c.Accounts, account{a, a.Password})
		}
		for _, t := range s.Access.tokens {
			c.Tokens = append(c.Tokens, token{t, t.Hash})
		}
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("seal last good configuration: %w", err)
	}
	sealed, err := f.cfg.Box.Seal(plain, f.ad())
	if err != nil {
		return fmt.Errorf("seal last good configuration: %w", err)
	}
	if err := cluster.WritePrivate(f.cfg.Path, []byte(prefix+sealed+"\n")); err != nil {
		return fmt.Errorf("keep last good configuration: %w", err)
	}
	return nil
}

// Read opens the file. One that is not there is an error of [os.ErrNotExist]; one
// that is cut, of another cluster or of another program's form is an error that
// says so.
func (f *File) Read() (State, error) {
	text, err := os.ReadFile(f.cfg.Path)
	if err != nil {
		return State{}, fmt.Errorf("read last good configuration: %w", err)
	}
	s, err := f.open(string(text))
	if err != nil {
		return State{}, fmt.Errorf("read last good configuration %s: %w", f.cfg.Path, err)
	}
	return s, nil
}

func (f *File) open(text string) (State, error) {
	head, sealed, _ := strings.Cut(text, "\n")
	switch found, ours := strings.CutPrefix(head, magic); {
	case !ours:
		return State{}, errors.New("it is not such a file, or its beginning is damaged")
	case found != form:
		return State{}, fmt.Errorf("it has form %.20q and this program reads form %q", found, form)
	}
	plain, err := f.cfg.Box.Open(strings.TrimSuffix(sealed, "\n"), f.ad())
	if err != nil {
		return State{}, err
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return State{}, errors.New("what was sealed cannot be read") // the cause may quote it
	}
	accounts, tokens := make([]odb.Account, len(c.Accounts)), make([]odb.Token, len(c.Tokens))
	for i, a := range c.Accounts {
		accounts[i] = a.Account
		accounts[i].Password = a.Password
	}
	for i, t := range c.Tokens {
		tokens[i] = t.Token
		tokens[i].Hash = t.Hash
	}
	return State{Revision: c.Revision, Definitions: c.Definitions, Saved: c.Saved, Access: NewAccess(accounts, tokens, c.Read)}, nil
}
