package odb

import (
	"context"
	"time"
)

// Rotation says what a node is given to do; an administrator sets it.
type Rotation string

// The rotations.
const (
	Online      Rotation = "online"
	Draining    Rotation = "draining"    // gets no new requests and ends those it has
	Maintenance Rotation = "maintenance" // drained, and stays out until it is put online
)

// Valid reports whether r is one of the three.
func (r Rotation) Valid() bool { return r == Online || r == Draining || r == Maintenance }

// Member is a node of the cluster as the ODB knows it. Who is not in this list,
// or was removed, is no member, whatever certificate it shows.
type Member struct {
	ID       string    `json:"id"`       // from the node's key
	Name     string    `json:"name"`     // unique among those who were not removed
	Rotation Rotation  `json:"rotation"` // Online after it joined
	By       string    `json:"by"`       // who let it in
	Joined   time.Time `json:"joined"`   // the database's clock, as all times here
	Seen     time.Time `json:"seen"`     // last report
	Removed  time.Time `json:"removed"`  // zero: it is a member
	MemberReport
}

// MemberReport is what a node says of itself.
type MemberReport struct {
	Gossip  string   `json:"gossip,omitempty"`  // host:port
	Control string   `json:"control,omitempty"` // host:port
	Traffic string   `json:"traffic,omitempty"` // host:port
	Roles   []string `json:"roles,omitempty"`
	Version string   `json:"version,omitempty"`
}

// Members keeps who belongs to the cluster.
type Members interface {
	// EnrolMember makes a node a member: Conflict when another member has the name,
	// Denied when the node was removed. A member that is there stays as it is.
	EnrolMember(ctx context.Context, m Member) error
	// ReportMember stores what a member says of itself and that it was seen;
	// NotFound when it is no member.
	ReportMember(ctx context.Context, id string, r MemberReport) error
	// ListMembers returns every node ever enrolled, by name, removed ones too.
	ListMembers(ctx context.Context) ([]Member, error)
	// SetRotation changes what a member is given to do.
	SetRotation(ctx context.Context, id string, r Rotation) error
	// RemoveMember shuts a member out for ever; it would have to join with a new key.
	RemoveMember(ctx context.Context, id string) error
}

// JoinToken is what the ODB keeps of a join token: not its secret.
type JoinToken struct {
	ID      string    `json:"id"`
	Hash    string    `json:"-"`    // of the secret
	Uses    int       `json:"uses"` // in all
	Left    int       `json:"left"` // uses
	Approve bool      `json:"approve"`
	By      string    `json:"by"`
	Note    string    `json:"note,omitempty"`
	Created time.Time `json:"created"` // the database's clock
	Expires time.Time `json:"expires"`
}

// JoinState is how far a request to join has come.
type JoinState string

// The states of a request.
const (
	JoinWaiting  JoinState = "waiting"
	JoinApproved JoinState = "approved"
	JoinRefused  JoinState = "refused"
)

// JoinRequest is a box that asks to join and waits for an administrator.
type JoinRequest struct {
	ID      string    `json:"id"` // of the node
	Name    string    `json:"name"`
	Code    string    `json:"code"` // shown on both sides, to be compared
	Addr    string    `json:"addr"` // that it asks from
	State   JoinState `json:"state"`
	By      string    `json:"by,omitempty"` // who decided
	Asked   time.Time `json:"asked"`        // the database's clock
	Expires time.Time `json:"expires"`
}

// Joins keeps join tokens and the boxes that wait to be let in.
type Joins interface {
	// CreateJoinToken adds a token; Uses and Expires must be set.
	CreateJoinToken(ctx context.Context, p JoinToken) error
	// UseJoinToken takes one use of a token, by its id and the hash of its secret, and
	// returns it. Denied, without saying more, when there is no such token, it has
	// expired, or no use is left.
	UseJoinToken(ctx context.Context, id, hash string) (JoinToken, error)
	// ListJoinTokens returns all tokens that are kept, newest first.
	ListJoinTokens(ctx context.Context) ([]JoinToken, error)
	// DeleteJoinToken revokes a token.
	DeleteJoinToken(ctx context.Context, id string) error

	// AskToJoin keeps a request for so long, in place of an earlier one of the same
	// node. At most 100 wait at a time, 10 of them from one address; then it is Denied.
	AskToJoin(ctx context.Context, r JoinRequest, wait time.Duration) error
	// JoinRequestOf returns the request of a node that has not expired.
	JoinRequestOf(ctx context.Context, id string) (JoinRequest, error)
	// ListJoinRequests returns all that have not expired, newest first.
	ListJoinRequests(ctx context.Context) ([]JoinRequest, error)
	// DecideJoin approves or refuses a request that waits; Conflict when it was decided.
	DecideJoin(ctx context.Context, id string, s JoinState, by string) error
}
