package outgoing_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

// authority is a certificate authority of a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key, a.pem, _ = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// sign makes a key pair; the authority's own when there is none yet.
func (a *authority) sign(template *x509.Certificate) (cert *x509.Certificate, key *ecdsa.PrivateKey, certPEM, keyPEM string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return cert, key, block("CERTIFICATE", der), block("PRIVATE KEY", raw)
}

// leaf makes a certificate for a server or a client.
func (a *authority) leaf(name string, usage x509.ExtKeyUsage) (certPEM, keyPEM string) {
	_, _, certPEM, keyPEM = a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	})
	return certPEM, keyPEM
}

// tlsPeer answers with the name of the client's certificate.
func (a *authority) tlsPeer(conf *tls.Config) *httptest.Server {
	a.t.Helper()
	certPEM, keyPEM := a.leaf("crm.example", x509.ExtKeyUsageServerAuth)
	pair, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM))
	if err != nil {
		a.t.Fatal(err)
	}
	conf.Certificates = []tls.Certificate{pair}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, who+" over "+r.Proto)
	}))
	s.TLS, s.EnableHTTP2 = conf, true
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	a.t.Cleanup(s.Close)
	return s
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	plain := ours.tlsPeer(&tls.Config{MaxVersion: tls.VersionTLS12})
	mutual := ours.tlsPeer(&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool})
	cert, key := ours.leaf("node-1", x509.ExtKeyUsageClientAuth)
	badCert, badKey := theirs.leaf("node-1", x509.ExtKeyUsageClientAuth)
	ca := `"ca":` + quote(ours.pem)
	client := func(cert string) string {
		return `,"cert":` + quote(cert) + `,"key":{"ref":"env:KEY"}`
	}
	tests := map[string]struct{ url, rules, key, want string }{
		"own authority":        {plain.URL, ca, "", "nobody over HTTP/2.0"},
		"name":                 {plain.URL, ca + `,"server_name":"crm.example"`, "", "nobody over HTTP/2.0"},
		"wrong name":           {plain.URL, ca + `,"server_name":"other.example"`, "", "error: other.example"},
		"system's authorities": {plain.URL, ``, "", "error: certificate"},
		"wrong authority":      {plain.URL, `"ca":` + quote(theirs.pem), "", "error: certificate"},
		"skip verification":    {plain.URL, `"skip_verify":true`, "", "nobody over HTTP/2.0"},
		"too old":              {plain.URL, ca + `,"min_version":"1.3"`, "", "error: protocol version"},
		"client certificate":   {mutual.URL, ca + client(cert), key, "node-1 over HTTP/2.0"},
		"no certificate":       {mutual.URL, ca, "", "error: "},
		"stranger":             {mutual.URL, ca + client(badCert), badKey, "error: "},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			b.vault["KEY"] = tc.key
			b.apply(specs{"crm": httpSpec(tc.url, `,"retries":1,"tls":{`+tc.rules+`}`)})
			want, fails := strings.CutPrefix(tc.want, "error: ")
			if !fails {
				if got := b.request(``); !strings.HasSuffix(got, `"text":`+quote(want)+`}`) {
					t.Errorf("answer = %s, want %s", got, want)
				}
				return
			}
			err := b.refused("http.request", `{"connection":"crm"}`, service.CodeOutgoing, want)
			all := err.Error() + b.log.String() + b.health("crm").LastError
			if tc.key != "" && strings.Contains(all, strings.Split(tc.key, "\n")[1]) {
				t.Errorf("the key is in what the node says: %s", all)
			}
			if name == "wrong authority" && detail(err, "attempts") != "1" {
				t.Errorf("a certificate that is wrong was tried %s times", detail(err, "attempts"))
			}
		})
	}
}

func TestBadTLSDefinitions(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	cert, _ := ours.leaf("a", x509.ExtKeyUsageClientAuth)
	_, other := ours.leaf("b", x509.ExtKeyUsageClientAuth)
	b := newBox(t)
	b.vault["OTHER"] = other
	problems := b.Apply(context.Background(), snapshot(t, specs{
		"ca":    httpSpec("https://crm.example", `,"tls":{"ca":"no PEM"}`),
		"key":   httpSpec("https://crm.example", `,"tls":{"cert":`+quote(cert)+`,"key":{"ref":"env:OTHER"}}`),
		"gone":  httpSpec("https://crm.example", `,"tls":{"cert":`+quote(cert)+`,"key":{"ref":"env:GONE"}}`),
		"who":   httpSpec("https://crm.example", `,"security":"nobody"`),
		"head":  httpSpec("https://crm.example", `,"headers":{"Connection":"x"}`),
		"frag":  httpSpec("https://crm.example/#x", ``),
		"ping":  httpSpec("https://crm.example", `,"ping_path":"../x"`),
		"fine":  httpSpec("https://crm.example", ``),
		"a/sql": "",
	}.without("a/sql")))
	want := map[string]string{
		"ca": "not PEM", "key": "do not go together", "gone": "open the client key", "who": "nobody", "head": "Connection", "frag": "fragment", "ping": "ping path",
	}
	for _, p := range problems {
		if p.Kind != "outgoing" || want[p.Name] == "" || !strings.Contains(p.Reason, want[p.Name]) || strings.Contains(p.Reason, "PRIVATE") {
			t.Errorf("problem %+v, want %q", p, want[p.Name])
		}
		delete(want, p.Name)
		err := b.refused("http.request", `{"connection":"`+p.Name+`"}`, service.CodeOutDown, "is not in force")
		if h := b.health(p.Name); h.State != outgoing.Unknown || h.LastError != p.Reason || strings.Contains(err.Message, p.Reason) {
			t.Errorf("%s: health %+v, error %v", p.Name, h, err)
		}
	}
	if len(want) > 0 {
		t.Errorf("no problem is reported of %v", want)
	}
}

func (s specs) without(name string) specs {
	delete(s, name)
	return s
}
