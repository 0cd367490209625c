package app

import (
	"time"

	"signalbox.internal/node/admin/client"
)

// Mode says what the handler serves.
type Mode string

// The modes.
const (
	ModeDesktop Mode = "desktop" // the app's own window
	ModeBrowser Mode = "browser" // a plain browser on this machine
	ModeNode    Mode = "node"    // a browser at a node's control port
)

// State is the health of a cluster as this machine sees it.
type State string

// The states.
const (
	StateUp      State = "up"      // a node answered
	StateDown    State = "down"    // no node answers, or what answers is another cluster
	StateUnknown State = "unknown" // not asked yet since the start
)

// AppInfo says what answers below /api.
type AppInfo struct { //nolint:revive // TypeScript knows it by this name, without a package
	Mode    Mode   `json:"mode"`
	Version string `json:"version" jsonschema:"empty: it is told to those who have signed in only"`
	Fixed   bool   `json:"fixed,omitempty" jsonschema:"there is exactly one cluster, which can be neither changed nor removed: a node serves its own"`
	Notice  string `json:"notice,omitempty" jsonschema:"what the user should know, such as a file that could not be read and was set aside"`

	Shell *ShellInfo `json:"shell,omitempty" jsonschema:"what the window around the page can do; absent in a plain browser"`
}

// SaveCluster is a saved cluster as the user describes it.
type SaveCluster struct {
	Name        string   `json:"name" jsonschema:"unique in the list; typed to confirm destructive acts on a protected cluster"`
	URLs        []string `json:"urls" jsonschema:"control addresses, https://host:8183; tried in turn"`
	Fingerprint string   `json:"fingerprint" jsonschema:"sha256: and the SHA-256 of the certificate of the cluster's authority, in hexadecimal digits"`
	Colour      string   `json:"colour,omitempty" jsonschema:"#rrggbb"`
	Tag         string   `json:"tag,omitempty"`
	Environment string   `json:"environment,omitempty" jsonschema:"such as production or test"`
	Protected   bool     `json:"protected,omitempty" jsonschema:"destructive acts need the header X-Confirm with the name, percent-encoded"`
	ReadOnly    bool     `json:"read_only,omitempty" jsonschema:"every change is refused"`
}

// Cluster is a saved cluster and how it is.
type Cluster struct {
	ID          string   `json:"id" jsonschema:"of this list; never changes"`
	Name        string   `json:"name"`
	URLs        []string `json:"urls"`
	Fingerprint string   `json:"fingerprint"`
	Colour      string   `json:"colour,omitempty"`
	Tag         string   `json:"tag,omitempty"`
	Environment string   `json:"environment,omitempty"`
	Protected   bool     `json:"protected"`
	ReadOnly    bool     `json:"read_only"`

	State   State      `json:"state"`
	Since   time.Time  `json:"since" jsonschema:"since when it is in this state"`
	Seen    *time.Time `json:"seen,omitempty" jsonschema:"when a node last answered; absent: never"`
	Why     string     `json:"why,omitempty" jsonschema:"why it is not up, in words"`
	NextTry *time.Time `json:"next_try,omitempty" jsonschema:"when it is asked again by itself; absent while it is up or being asked"`
	URL     string     `json:"url,omitempty" jsonschema:"the address that answered last"`

	Addresses        []Address `json:"addresses" jsonschema:"in the order of urls"`
	ForeignAuthority string    `json:"foreign_authority,omitempty" jsonschema:"fingerprint of what answers in place of the cluster; nothing was sent to it"`

	SignedInAs  string     `json:"signed_in_as,omitempty" jsonschema:"account; absent: nobody is signed in"`
	Role        string     `json:"role,omitempty" jsonschema:"of the account, as it was at sign-in"`
	Expires     *time.Time `json:"expires,omitempty" jsonschema:"when the sign-in ends; absent: never"`
	ExpiresSoon bool       `json:"expires_soon,omitempty" jsonschema:"it ends within a quarter of an hour"`
	SignInEnded string     `json:"sign_in_ended,omitempty" jsonschema:"why the last sign-in is no longer good, in words"`

	Status *Known `json:"status,omitempty" jsonschema:"the last known state; absent: nothing was ever read"`
}

// Known is what a cluster last said of itself.
type Known struct {
	At         time.Time     `json:"at" jsonschema:"when it was read"`
	AgeSeconds float64       `json:"age_seconds" jsonschema:"how old it is now"`
	Status     client.Status `json:"status"`
	Nodes      []client.Node `json:"nodes"`
}

// Paste is what a user pasted or dropped: a signalbox:// link, a control address, the
// run file of a node, or an exported list.
type Paste struct {
	Link string `json:"link" jsonschema:"the text"`
}

// Parsed is what a pasted text holds.
type Parsed struct {
	Cluster  SaveCluster   `json:"cluster" jsonschema:"ready to be saved; of a bare address the fingerprint is the one that the server shows"`
	Code     string        `json:"code,omitempty" jsonschema:"one-time code of the first administrator"`
	Exists   string        `json:"exists,omitempty" jsonschema:"id of a saved cluster with the same authority"`
	Shown    *Shown        `json:"shown,omitempty" jsonschema:"what answers at the addresses; absent of an exported list"`
	Clusters []SaveCluster `json:"clusters,omitempty" jsonschema:"of an exported list: all its clusters, to be saved one by one or by import"`
}

// Shown is what answers at the addresses of a link.
type Shown struct {
	Reachable   bool   `json:"reachable"`
	URL         string `json:"url,omitempty" jsonschema:"the address that answered"`
	Fingerprint string `json:"fingerprint,omitempty" jsonschema:"of the authority that it shows"`
	Matches     bool   `json:"matches" jsonschema:"the fingerprint is the link's; false when the link has none: compare it with what the node's console shows"`
	Why         string `json:"why,omitempty" jsonschema:"what is wrong, in words"`
}

// ClusterFile is the list of clusters as a file: import and export. It has no secret.
type ClusterFile struct {
	Signalbox string        `json:"signalbox" jsonschema:"always clusters/1"`
	Clusters  []SaveCluster `json:"clusters"`
}

// SignIn signs in by account and password, or by token.
type SignIn struct {
	Account  string `json:"account,omitempty"`
	Password string `json:"password,omitempty"`
	Token    string `json:"token,omitempty" jsonschema:"a bearer token, in place of account and password"`
}

// SignOut ends a sign-in.
type SignOut struct {
	Revoke bool `json:"revoke,omitempty" jsonschema:"revoke also a token that was pasted; one that came from a sign-in always is"`
}

// SignedOut says what became of the token. It is forgotten in any case.
type SignedOut struct {
	Revoked bool   `json:"revoked" jsonschema:"the cluster takes the token no more"`
	Why     string `json:"why,omitempty" jsonschema:"why it was not revoked, in words"`
}

// Change is something that changed in the list of clusters or in the health of one.
// Read the object itself for the truth.
type Change struct {
	Type    ChangeType `json:"type"`
	Cluster string     `json:"cluster,omitempty" jsonschema:"id; absent: the whole list or the app"`
}

// ChangeType says what changed.
type ChangeType string

// The types of changes.
const (
	ChangeList     ChangeType = "list"     // a cluster was added, changed or removed
	ChangeHealth   ChangeType = "health"   // state, since, why or address
	ChangeStatus   ChangeType = "status"   // the last known state
	ChangeSignIn   ChangeType = "sign_in"  // signed in or out, or the sign-in ends soon
	ChangeVault    ChangeType = "vault"    // where credentials are kept, or whether they are locked
	ChangeSettings ChangeType = "settings" // of the app
	ChangeCluster  ChangeType = "cluster"  // the cluster tells of an event; read /v1/events
	ChangeShell    ChangeType = "shell"    // the window tells something; POST /api/shell/take
)

// Changes is what changed after a cursor.
type Changes struct {
	Changes []Change `json:"changes"`
	Cursor  string   `json:"cursor" jsonschema:"value of ?after= for the next call"`
	Reset   bool     `json:"reset,omitempty" jsonschema:"the cursor is too old or of another run: read everything anew"`
}

// VaultKind says where credentials are kept.
type VaultKind string

// The kinds of vaults.
const (
	VaultKeyring    VaultKind = "keyring"    // the operating system's
	VaultFile       VaultKind = "file"       // a file whose key lies in another file
	VaultPassphrase VaultKind = "passphrase" // a file that opens with a passphrase
)

// Vault says where credentials are kept and what that is worth.
type Vault struct {
	Kind     VaultKind `json:"kind,omitempty" jsonschema:"absent while it is being found out"`
	Locked   bool      `json:"locked" jsonschema:"the passphrase is needed before anybody is signed in"`
	Protects string    `json:"protects,omitempty" jsonschema:"what this protects from and what not, in words"`
	Problem  string    `json:"problem,omitempty" jsonschema:"why it cannot be used as it is"`
	Keyring  bool      `json:"keyring" jsonschema:"the operating system's keyring can be used"`
}

// UnlockVault opens a vault.
type UnlockVault struct {
	Passphrase string `json:"passphrase"`
}

// SetVault moves the credentials to another vault.
type SetVault struct {
	Kind       VaultKind `json:"kind"`
	Current    string    `json:"current,omitempty" jsonschema:"the passphrase of now; needed when the credentials are kept by one"`
	Passphrase string    `json:"passphrase,omitempty" jsonschema:"of kind passphrase: the new one, at least 10 characters"`
}
