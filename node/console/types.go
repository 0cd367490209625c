package console

import (
	"time"

	"signalbox.internal/node/admin/client"
)

// What the pages read, as the desktop app answers it: fields that a node has nothing to
// say about are left out. A test holds these types to the app's.

type appInfo struct {
	Mode    string `json:"mode"`
	Version string `json:"version"`
	Fixed   bool   `json:"fixed"`
}

type cluster struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	URLs        []string   `json:"urls"`
	Fingerprint string     `json:"fingerprint"`
	Protected   bool       `json:"protected"`
	ReadOnly    bool       `json:"read_only"`
	State       string     `json:"state"`
	Since       time.Time  `json:"since"`
	Seen        time.Time  `json:"seen"`
	URL         string     `json:"url"`
	Addresses   []address  `json:"addresses"`
	SignedInAs  string     `json:"signed_in_as,omitempty"`
	Role        string     `json:"role,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
	ExpiresSoon bool       `json:"expires_soon,omitempty"`
	SignInEnded string     `json:"sign_in_ended,omitempty"`
	Status      *known     `json:"status,omitempty"`
}

type address struct {
	URL   string `json:"url"`
	InUse bool   `json:"in_use"`
	State string `json:"state"`
}

type known struct {
	At         time.Time     `json:"at"`
	AgeSeconds float64       `json:"age_seconds"`
	Status     client.Status `json:"status"`
	Nodes      []client.Node `json:"nodes"`
}

type signIn struct {
	Account  string `json:"account"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

type signOut struct {
	Revoke bool `json:"revoke"`
}

type signedOut struct {
	Revoked bool   `json:"revoked"`
	Why     string `json:"why,omitempty"`
}

type change struct {
	Type    string `json:"type"`
	Cluster string `json:"cluster"`
}

type changes struct {
	Changes []change `json:"changes"`
	Cursor  string   `json:"cursor"`
	Reset   bool     `json:"reset,omitempty"`
}
