package cluster

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
)

// NodeKeyFile is the name of the file with a node's private key.
const NodeKeyFile = "node.key"

const idDigits = "0123456789abcdefghjkmnpqrstvwxyz"

var idEncoding = base32.NewEncoding(idDigits).WithPadding(base32.NoPadding)

// Identity is a node's own key pair. The node's id is made from the public key,
// so a node is who it can prove to be, whatever its name and addresses are.
type Identity struct {
	key *ecdsa.PrivateKey
	id  string
}

// OpenIdentity reads the key in dir or, when there is none, makes one. A key
// that others may read is refused, and a broken one is never replaced.
func OpenIdentity(dir string) (*Identity, error) {
	path := filepath.Join(dir, NodeKeyFile)
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
			err = writeKey(path, key)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the node's key %s: %w", path, err)
	}
	id, err := IDOf(&key.PublicKey)
	return &Identity{key: key, id: id}, err
}

// ID returns the node's id: 26 letters and digits.
func (i *Identity) ID() string { return i.id }

// IDOf returns the id of the node that has a public key: the first 128 bits of
// its SHA-256, in base 32.
func IDOf(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("name a node by its key: %w", err)
	}
	sum := sha256.Sum256(der)
	return idEncoding.EncodeToString(sum[:16]), nil
}

// Request returns a certificate signing request (DER) for the node's key.
func (i *Identity) Request(name string, hosts []string) ([]byte, error) {
	tmpl := &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}
	tmpl.IPAddresses, tmpl.DNSNames = splitHosts(hosts)
	der, err := x509.CreateCertificateRequest(rand.Reader, tmpl, i.key)
	if err != nil {
		return nil, fmt.Errorf("ask for a certificate: %w", err)
	}
	return der, nil
}

// splitHosts sorts addresses from names.
func splitHosts(hosts []string) (ips []net.IP, names []string) {
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			ips = append(ips, ip)
		} else if h != "" {
			names = append(names, h)
		}
	}
	return ips, names
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("it is not one key in PEM form")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an ECDSA key")
	}
	return key, nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return WritePrivate(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
