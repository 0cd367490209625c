package cluster

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// PeerProtocol is the ALPN name by which nodes speak to each other on the
// control port; without it a caller is a person.
const PeerProtocol = "signalbox-peer/1"

// PinnedTLS returns the configuration of a client that takes no server but one
// whose chain ends in the authority with that SHA-256 (hexadecimal): nothing is
// sent before that is proved. got receives the authority's certificate.
func PinnedTLS(ca string, got func(*x509.Certificate)) (*tls.Config, error) {
	want, err := hex.DecodeString(ca)
	if err != nil || len(want) != sha256.Size {
		return nil, errors.New("the hash of the authority is not a SHA-256 in hexadecimal digits")
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks more
		VerifyConnection: func(s tls.ConnectionState) error {
			for _, cert := range s.PeerCertificates {
				sum := sha256.Sum256(cert.Raw)
				if subtle.ConstantTimeCompare(sum[:], want) != 1 {
					continue
				}
				if err := chainsTo(s.PeerCertificates[0], cert); err != nil {
					return err
				}
				if got != nil {
					got(cert)
				}
				return nil
			}
			return &ForeignAuthorityError{Want: ca, Got: presented(s.PeerCertificates)}
		},
	}, nil
}

// ShownTLS returns the configuration of a client that does not know the cluster
// yet: it takes any server whose chain ends in an authority that the server shows,
// and the same one each time. got receives that authority's certificate; people
// have to find out whether it is the right one before a secret is sent.
func ShownTLS(got func(*x509.Certificate)) *tls.Config {
	var first *x509.Certificate
	var mu sync.Mutex
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks what can be known
		VerifyConnection: func(s tls.ConnectionState) error {
			mu.Lock()
			defer mu.Unlock()
			for i, cert := range s.PeerCertificates {
				if i == 0 || !cert.IsCA || first != nil && !first.Equal(cert) {
					continue
				}
				if err := chainsTo(s.PeerCertificates[0], cert); err != nil {
					return err
				}
				first = cert
				got(cert)
				return nil
			}
			e := &ForeignAuthorityError{Got: presented(s.PeerCertificates)}
			if first != nil {
				e.Want = Fingerprint(first)
			}
			return e
		},
	}
}

// ForeignAuthorityError says that a server belongs to another cluster than expected.
type ForeignAuthorityError struct {
	Want, Got string // SHA-256 of authorities; Got is empty when it showed none
}

// Error implements error.
func (e *ForeignAuthorityError) Error() string {
	if e.Got == "" {
		return "the server shows no certificate authority: it is not a node's control port, or somebody sits in between"
	}
	return fmt.Sprintf("the server belongs to the authority %.16s…, not to %.16s…: it is another cluster, or somebody sits in between", e.Got, e.Want)
}

// presented returns the fingerprint of the authority in a chain.
func presented(chain []*x509.Certificate) string {
	for _, c := range chain {
		if c.IsCA {
			return Fingerprint(c)
		}
	}
	return ""
}

// chainsTo checks that leaf was issued by ca and holds now.
func chainsTo(leaf, ca *x509.Certificate) error {
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: pool, CurrentTime: time.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return fmt.Errorf("check the server's certificate: %w", err)
	}
	return nil
}

// PeerConfig is what two nodes need to know each other.
type PeerConfig struct {
	Certificate func() *tls.Certificate // the node's own, as it is now
	Pool        *x509.CertPool          // the cluster's authority
	// Member reports whether a node of that id is a member now: a certificate
	// alone does not make one, so that who was removed stays out.
	Member func(id string) bool
}

// errNoPeer is what a node that is no member gets.
var errNoPeer = errors.New("the node is not a member of the cluster; it was removed, or has not joined")

// ClientTLS returns the configuration by which a node calls another. want is the
// id of the one to be reached; empty takes any member.
func (c PeerConfig) ClientTLS(want string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{PeerProtocol},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.Certificate(), nil },
		InsecureSkipVerify:   true, //nolint:gosec // VerifyConnection checks the chain and, in place of a name, the key
		VerifyConnection: func(s tls.ConnectionState) error {
			id, err := c.Check(s)
			if err == nil && want != "" && id != want {
				return fmt.Errorf("the node at this address is %s, not %s", id, want)
			}
			return err
		},
	}
}

// Check returns the id of the member at the other end of a connection.
func (c PeerConfig) Check(s tls.ConnectionState) (string, error) {
	if len(s.PeerCertificates) == 0 {
		return "", errors.New("the other side shows no certificate")
	}
	leaf := s.PeerCertificates[0]
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: c.Pool, CurrentTime: time.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return "", fmt.Errorf("check the certificate of the other side: %w", err)
	}
	id, err := IDOf(leaf.PublicKey)
	if err != nil {
		return "", err
	}
	if !c.Member(id) {
		return id, errNoPeer
	}
	return id, nil
}
