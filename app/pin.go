package app

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// pinnedTLS returns the configuration of a client that takes no server but one whose
// chain ends in the authority with that fingerprint. The handshake ends before a byte
// of a request is sent to any other. The name of the server does not matter: any node
// of the cluster will do, under whatever address it is reached.
func pinnedTLS(fingerprint string) *tls.Config {
	want, err := hex.DecodeString(strings.TrimPrefix(fingerprint, "sha256:"))
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks the chain against the pinned authority
		VerifyConnection: func(s tls.ConnectionState) error {
			if err != nil || len(want) != sha256.Size {
				return fmt.Errorf("the saved fingerprint %q is none", fingerprint)
			}
			for _, cert := range s.PeerCertificates {
				sum := sha256.Sum256(cert.Raw)
				if subtle.ConstantTimeCompare(sum[:], want) == 1 {
					return chainsTo(s.PeerCertificates, cert)
				}
			}
			return &foreignAuthorityError{want: fingerprint, got: presented(s.PeerCertificates)}
		},
	}
}

// shownTLS returns the configuration of a client that only looks: it ends every
// handshake after it has told got which authority the server proved to belong to.
func shownTLS(got func(fingerprint string)) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // nothing is sent on this connection
		VerifyConnection: func(s tls.ConnectionState) error {
			for i, cert := range s.PeerCertificates {
				if i > 0 && cert.IsCA && chainsTo(s.PeerCertificates, cert) == nil {
					got(fingerprintOf(cert))
					return seenError{}
				}
			}
			return &foreignAuthorityError{}
		},
	}
}

// seenError ends the handshake of one who only looks.
type seenError struct{}

func (seenError) Error() string { return "the authority has been seen" }

// foreignAuthorityError says that a server does not belong to the expected authority.
type foreignAuthorityError struct{ want, got string }

func (e *foreignAuthorityError) Error() string {
	if e.got == "" {
		return "the server shows no certificate authority: it is not a node's control port, or somebody sits in between; nothing was sent"
	}
	return fmt.Sprintf("the server belongs to the authority %.23s…, not to %.23s…: it is another cluster, or somebody sits in between; nothing was sent", e.got, e.want)
}

// presented returns the fingerprint of the authority in a chain.
func presented(chain []*x509.Certificate) string {
	for i, c := range chain {
		if i > 0 && c.IsCA {
			return fingerprintOf(c)
		}
	}
	return ""
}

func fingerprintOf(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// chainsTo checks that the first of a chain was issued by ca, for servers, and holds now.
func chainsTo(chain []*x509.Certificate, ca *x509.Certificate) error {
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: pool, CurrentTime: time.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return fmt.Errorf("check the server's certificate: %w", err)
	}
	return nil
}
