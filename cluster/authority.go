package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Names of the files of an authority, and how long certificates live.
const (
	CACertFile = "ca.crt"
	CAKeyFile  = "ca.key"

	caLife   = 20 * 365 * 24 * time.Hour
	nodeLife = 21 * 24 * time.Hour
	// renewBefore is how long before its end a node's certificate is replaced.
	renewBefore = nodeLife / 3
	// backdate lets a box whose clock is a little behind accept a new certificate.
	backdate = 5 * time.Minute
)

// Authority is the cluster's own certificate authority: ECDSA P-256, kept in
// two files of one folder that only its owner may read.
type Authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// OpenAuthority opens the authority in dir or, when there is none, makes one for
// the cluster of that name. A folder or key that others may read is refused.
func OpenAuthority(dir, cluster string) (*Authority, error) {
	if err := CheckPrivate(dir); err != nil {
		return nil, err
	}
	a := &Authority{dir: dir}
	cert, key, err := loadPair(filepath.Join(dir, CACertFile), filepath.Join(dir, CAKeyFile))
	if err == nil {
		a.cert, a.key = cert, key
		return a, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open certificate authority in %s: %w", dir, err)
	}
	if err := a.create(cluster); err != nil {
		return nil, fmt.Errorf("make certificate authority in %s: %w", dir, err)
	}
	return a, nil
}

func (a *Authority) create(cluster string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	tmpl := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Signalbox cluster " + cluster},
		NotAfter:              time.Now().Add(caLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := sign(tmpl, tmpl, key, key)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.key = key
	return writePair(filepath.Join(a.dir, CACertFile), filepath.Join(a.dir, CAKeyFile), der, key)
}

// Pool returns the certificate pool that trusts this authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// CertPath returns the path of the authority's certificate.
func (a *Authority) CertPath() string { return filepath.Join(a.dir, CACertFile) }

// Certificate returns the authority's certificate; it must not be changed.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Fingerprint returns the SHA-256 of the authority's certificate.
func (a *Authority) Fingerprint() string { return Fingerprint(a.cert) }

// Fingerprint returns the SHA-256 of a certificate in hexadecimal digits.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// NodeCertificate returns the certificate of the node whose key is in the
// authority's folder: issued anew when there is none, when a third of its life
// is left or less, or when it lacks one of hosts (names or addresses).
func (a *Authority) NodeCertificate(id *Identity, name string, hosts []string) (tls.Certificate, error) {
	file := filepath.Join(a.dir, "node.crt")
	if cert, err := readCertificate(file); err == nil && a.fits(cert, id, name, hosts) {
		return tls.Certificate{Certificate: [][]byte{cert.Raw, a.cert.Raw}, PrivateKey: id.key, Leaf: cert}, nil
	}
	cert, err := a.Issue(id, name, hosts)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := WritePrivate(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})); err != nil {
		return tls.Certificate{}, fmt.Errorf("keep certificate of node %s: %w", name, err)
	}
	return cert, nil
}

// Issue returns a fresh certificate of a node, good for serving and for calling.
func (a *Authority) Issue(id *Identity, name string, hosts []string) (tls.Certificate, error) {
	tmpl := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotAfter:    time.Now().Add(nodeLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	tmpl.IPAddresses, tmpl.DNSNames = splitHosts(hosts)
	der, err := sign(tmpl, a.cert, id.key, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("issue certificate of node %s: %w", name, err)
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: id.key, Leaf: leaf}, err
}

// fits reports whether cert may go on being used by the node of that key, name and hosts.
func (a *Authority) fits(cert *x509.Certificate, id *Identity, name string, hosts []string) bool {
	if owner, err := IDOf(cert.PublicKey); err != nil || owner != id.ID() {
		return false
	}
	if cert.Subject.CommonName != name || time.Until(cert.NotAfter) < renewBefore || cert.CheckSignatureFrom(a.cert) != nil {
		return false
	}
	for _, h := range hosts {
		if h != "" && cert.VerifyHostname(h) != nil {
			return false
		}
	}
	return true
}

// sign fills in serial number and start and returns the signed certificate.
func sign(tmpl, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	tmpl.SerialNumber = serial
	tmpl.NotBefore = time.Now().Add(-backdate)
	return x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, parentKey)
}

func loadPair(certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, nil, err
	}
	if err := CheckPrivate(keyFile); err != nil {
		return nil, nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, nil, fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("%s holds no ECDSA key", keyFile)
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	return cert, key, err
}

func readCertificate(path string) (*x509.Certificate, error) {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the node's own folder
	if err != nil {
		return nil, err
	}
	return ReadCertificate(text)
}

// ReadCertificate reads a certificate in PEM form.
func ReadCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not a certificate in PEM form")
	}
	return x509.ParseCertificate(block.Bytes)
}

// RenewBefore is how long before the end of a node's certificate it is replaced.
func RenewBefore() time.Duration { return renewBefore }

func writePair(certFile, keyFile string, der []byte, key *ecdsa.PrivateKey) error {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := WritePrivate(keyFile, keyPEM); err != nil {
		return err
	}
	return WritePrivate(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
