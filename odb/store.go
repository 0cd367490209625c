package odb

import (
	"context"
	"time"
)

// Store is what a database offers to a node: whole operations, never a
// transaction, so that a replicated store can offer the same. Every method may
// be called by any number of goroutines and returns a typed [Error]; one of
// kind Unavailable means that the database cannot be reached now and that the
// outcome of a write is not known.
type Store interface {
	Definitions
	Packages
	Accounts
	SignIns
	Leases
	Audits
	Marks
	Members
	Joins

	// Info says which database this is.
	Info(ctx context.Context) (StoreInfo, error)
	// Close ends all use of the database.
	Close() error
}

// Definitions is the versioned configuration.
type Definitions interface {
	// Apply commits a change set as one revision or does nothing. It checks base
	// versions (a stale one is a Conflict), names, references (after all changes of
	// the set, so their order does not matter; a definition that others refer to cannot be deleted)
	// and claims, rewrites the specs that refer to a renamed definition, and logs
	// each change with its state before and after. An empty change set is Invalid.
	// Changes name definitions as they are called before the set; a spec that comes
	// with the set refers to them as they are called after it.
	Apply(ctx context.Context, set ChangeSet) (Revision, error)
	// Revision returns the newest revision; 0 for an empty ODB.
	Revision(ctx context.Context) (int64, error)
	// Load returns every definition at the newest revision. When this program cannot
	// read some of them it returns the snapshot and an Invalid error that names them.
	Load(ctx context.Context) (*Snapshot, error)
	// StateAt returns every definition as of a revision, NotFound beyond the newest.
	StateAt(ctx context.Context, revision int64) (*Snapshot, error)
	// History returns revisions, newest first unless the query says otherwise, at
	// most 1,000 at a time.
	History(ctx context.Context, q HistoryQuery) ([]Revision, error)
}

// HistoryQuery selects revisions; zero fields do not restrict.
type HistoryQuery struct {
	Kind, Name string // only revisions that touched this kind, or this definition under any of its names
	Before     int64  // only revisions below it
	After      int64  // only revisions above it
	Limit      int    // at most so many; 0 means 100
	Oldest     bool   // oldest first: with the last one's number as After comes the next page
}

// Package is the code of services as deployed, addressed by the SHA-256 of Archive.
type Package struct {
	Hash     string    `json:"hash"` // 64 hexadecimal digits
	Name     string    `json:"name"`
	Engine   string    `json:"engine"` // "typescript"
	Size     int64     `json:"size"`   // of Archive, in bytes
	Services []string  `json:"services"`
	Uploaded time.Time `json:"uploaded"` // the database's clock
	By       string    `json:"by"`
	Archive  []byte    `json:"-"` // canonical archive; only Package fills it
}

// Packages is the store of deployed code. Content never changes under a hash.
type Packages interface {
	// PutPackages stores packages that are not there yet, all or none.
	PutPackages(ctx context.Context, pkgs []Package) error
	// Package returns a package with its archive.
	Package(ctx context.Context, hash string) (Package, error)
	// ListPackages returns the packages of a name, newest first, without archives;
	// of all names when name is empty.
	ListPackages(ctx context.Context, name string) ([]Package, error)
}

// Role is what an account may do; each includes the ones before it.
type Role string

// The roles, from least to most.
const (
	Viewer    Role = "viewer"    // reads all but secrets
	Operator  Role = "operator"  // viewer, and invokes services, pings, drains
	Developer Role = "developer" // operator, and deploys and changes definitions
	Admin     Role = "admin"     // developer, and accounts, tokens and the ODB itself
)

// Level orders roles: 1 for viewer to 4 for admin, 0 for no role.
func (r Role) Level() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Developer:
		return 3
	case Admin:
		return 4
	}
	return 0
}

// Account is a person or program that may administer the cluster.
type Account struct {
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Password string    `json:"-"` // argon2id hash in PHC form; empty: no password sign-in
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
}

// Token is a bearer token of an account. The token itself is not stored, only
// the SHA-256 of it.
type Token struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Role    Role      `json:"role"` // at most the account's
	Note    string    `json:"note"`
	Hash    string    `json:"-"` // SHA-256 of the token, hexadecimal
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"` // zero: never
}

// Accounts keeps who may administer the cluster.
type Accounts interface {
	// CreateAccount adds an account, Conflict when the name is taken.
	CreateAccount(ctx context.Context, a Account) error
	// Account returns an account by name.
	Account(ctx context.Context, name string) (Account, error)
	// ListAccounts returns all accounts by name.
	ListAccounts(ctx context.Context) ([]Account, error)
	// UpdateAccount replaces role, password and disabled of an account.
	UpdateAccount(ctx context.Context, a Account) error
	// DeleteAccount removes an account and its tokens.
	DeleteAccount(ctx context.Context, name string) error

	// CreateToken adds a token; its account must exist.
	CreateToken(ctx context.Context, t Token) error
	// TokenByHash returns the token whose hash this is, expired or not.
	TokenByHash(ctx context.Context, hash string) (Token, error)
	// ListTokens returns all tokens, newest first.
	ListTokens(ctx context.Context) ([]Token, error)
	// DeleteToken revokes a token.
	DeleteToken(ctx context.Context, id string) error
}

// Lease is a right that one holder has until it expires, by the database's
// clock. Each change of hands is a new term.
type Lease struct {
	Name    string        `json:"name"`
	Holder  string        `json:"holder"` // unique for each attempt
	Term    int64         `json:"term"`
	Left    time.Duration `json:"left"`    // until it expires, when it was read
	Expires time.Time     `json:"expires"` // the database's clock
}

// Leases are compare-and-swap rights on the database's clock.
type Leases interface {
	// TakeLease takes a free or expired lease for ttl and starts a new term;
	// Conflict, with the present lease, while somebody else holds it.
	TakeLease(ctx context.Context, name, holder string, ttl time.Duration) (Lease, error)
	// RenewLease extends a lease that is still held; Conflict when it is lost.
	RenewLease(ctx context.Context, l Lease, ttl time.Duration) (Lease, error)
	// ReleaseLease gives a lease up at once; releasing a lost one does nothing.
	ReleaseLease(ctx context.Context, l Lease) error
}

// StoreInfo describes the database behind a [Store].
type StoreInfo struct {
	Kind    string `json:"kind"`    // "sqlite", "postgres", "mysql" or "oracle"
	Version string `json:"version"` // the database's own
	Schema  int    `json:"schema"`  // newest migration applied
	Where   string `json:"where"`   // file or host, without credentials
}
