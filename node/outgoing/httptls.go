package outgoing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"signalbox.internal/odb"
)

// tlsOf makes the TLS configuration of a definition.
func tlsOf(name string, spec *odb.OutgoingSpec, secrets Secrets) (*tls.Config, error) {
	rules := spec.TLS
	conf := &tls.Config{
		ServerName: rules.ServerName, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: rules.SkipVerify, //nolint:gosec // the definition says so, and its help text warns
	}
	if rules.MinVersion == "1.3" {
		conf.MinVersion = tls.VersionTLS13
	}
	if rules.CA != "" {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM([]byte(rules.CA)) {
			return nil, errors.New("the CA certificates are not PEM certificates")
		}
	}
	if rules.Cert == "" {
		return conf, nil
	}
	key, err := secrets.Open("outgoing", name, "/tls/key", rules.Key)
	if err != nil {
		return nil, fmt.Errorf("open the client key: %w", err)
	}
	pair, err := tls.X509KeyPair([]byte(rules.Cert), []byte(key))
	if err != nil {
		return nil, errors.New("the client certificate and its key do not go together, or are not PEM")
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, nil
}
