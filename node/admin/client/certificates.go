package client

import (
	"context"
	"time"
)

// Certificates are the cluster's authority and what its nodes show; never a key.
type Certificates struct {
	Authority Certificate       `json:"authority"`
	Nodes     []NodeCertificate `json:"nodes"`
}

// Certificate is what a certificate says.
type Certificate struct {
	Subject string    `json:"subject"`
	Issuer  string    `json:"issuer"`
	Serial  string    `json:"serial" jsonschema:"hexadecimal digits"`
	SHA256  string    `json:"sha256" jsonschema:"of the certificate, in hexadecimal digits; of the authority it is the fingerprint that is pinned"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Hosts   []string  `json:"hosts,omitempty" jsonschema:"names and addresses that it is good for"`
}

// NodeCertificate is what one node shows at its ports.
type NodeCertificate struct {
	Node    string       `json:"node"`
	Control *Certificate `json:"control,omitempty" jsonschema:"of the control port, issued by the cluster's authority"`
	Renews  *time.Time   `json:"renews,omitempty" jsonschema:"when the node renews it by itself"`
	Traffic *Certificate `json:"traffic,omitempty" jsonschema:"of the traffic port; absent: it is plain HTTP. An administrator renews it"`
	Error   string       `json:"error,omitempty" jsonschema:"why it is not known"`
}

// Certificates lists the cluster's certificates. Role viewer.
func (c *Client) Certificates(ctx context.Context) (Certificates, error) {
	var out Certificates
	err := c.get(ctx, path("certificates"), nil, &out)
	return out, err
}
