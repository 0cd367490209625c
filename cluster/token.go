package cluster

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// The form of a join token: a mark, then in base 64 the version, the hash of
// the CA, id, secret and addresses, and four bytes that find slips.
const (
	tokenMark    = "sbj_"
	tokenVersion = 1
	tokenSecret  = 20 // bytes
	tokenID      = 8  // bytes
	tokenSum     = 4  // bytes
	mostHosts    = 8
	longestHost  = 100
)

// JoinToken lets a box into a cluster: where the cluster is, how to know it, and
// a secret that is good for a while and a number of uses. It hides its secret
// when it is printed.
type JoinToken struct {
	Addresses []string // host:port of control ports, the best first
	CA        string   // SHA-256 of the authority's certificate, hexadecimal
	ID        string   // by which it can be listed and revoked
	Secret    string   // only its hash is kept
}

// NewJoinToken makes a token with a fresh id and secret.
func NewJoinToken(ca string, addresses []string) JoinToken {
	b := make([]byte, tokenID+tokenSecret)
	_, _ = rand.Read(b) // documented never to fail
	return JoinToken{
		Addresses: addresses[:min(len(addresses), mostHosts)], CA: ca,
		ID: hex.EncodeToString(b[:tokenID]), Secret: hex.EncodeToString(b[tokenID:]),
	}
}

// HashJoinSecret returns what is kept of a secret: its SHA-256 in hexadecimal.
func HashJoinSecret(secret string) string {
	sum := sha256.Sum256([]byte("signalbox join " + secret))
	return hex.EncodeToString(sum[:])
}

// String names the token and hides its secret.
func (t JoinToken) String() string { return "join token " + t.ID }

// GoString hides the secret from %#v.
func (t JoinToken) GoString() string { return t.String() }

// Text returns the token as it is typed, secret and all.
func (t JoinToken) Text() (string, error) {
	var b bytes.Buffer
	b.WriteByte(tokenVersion)
	for _, part := range []struct {
		text string
		size int
	}{{t.CA, sha256.Size}, {t.ID, tokenID}, {t.Secret, tokenSecret}} {
		raw, err := hex.DecodeString(part.text)
		if err != nil || len(raw) != part.size {
			return "", errors.New("write join token: one of its parts is not what NewJoinToken makes")
		}
		b.Write(raw)
	}
	if len(t.Addresses) == 0 || len(t.Addresses) > mostHosts {
		return "", fmt.Errorf("write join token: it has %d addresses; 1 to %d are needed", len(t.Addresses), mostHosts)
	}
	for _, a := range t.Addresses {
		if len(a) > longestHost {
			return "", fmt.Errorf("write join token: the address %.40s… is too long", a)
		}
		b.WriteByte(byte(len(a)))
		b.WriteString(a)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:tokenSum])
	return tokenMark + base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}

// ParseJoinToken reads a token. Its errors repeat nothing of it.
func ParseJoinToken(text string) (JoinToken, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), tokenMark)
	if !ok {
		return JoinToken{}, errors.New("that is not a join token; one begins with " + tokenMark + " and is made by: signalbox token create")
	}
	b, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil || len(b) < tokenSum+1 || len(b) > 2048 {
		return JoinToken{}, errCutToken
	}
	b, want := b[:len(b)-tokenSum], b[len(b)-tokenSum:]
	if sum := sha256.Sum256(b); !bytes.Equal(sum[:tokenSum], want) {
		return JoinToken{}, errCutToken
	}
	if b[0] != tokenVersion {
		return JoinToken{}, fmt.Errorf("the join token is of version %d, which this program does not know; use the cluster's version of it", b[0])
	}
	return readToken(bytes.NewReader(b[1:]))
}

var errCutToken = errors.New("the join token is cut short or mistyped; copy it whole")

func readToken(r *bytes.Reader) (JoinToken, error) {
	var t JoinToken
	for _, part := range []struct {
		to   *string
		size int
	}{{&t.CA, sha256.Size}, {&t.ID, tokenID}, {&t.Secret, tokenSecret}} {
		raw := make([]byte, part.size)
		if _, err := io.ReadFull(r, raw); err != nil {
			return JoinToken{}, errCutToken
		}
		*part.to = hex.EncodeToString(raw)
	}
	for r.Len() > 0 {
		n, err := r.ReadByte()
		host := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(r, host)
		}
		if err != nil {
			return JoinToken{}, errCutToken
		}
		if _, _, err := net.SplitHostPort(string(host)); err != nil {
			return JoinToken{}, errors.New("the join token has an address that is not HOST:PORT")
		}
		t.Addresses = append(t.Addresses, string(host))
	}
	if len(t.Addresses) == 0 || len(t.Addresses) > mostHosts {
		return JoinToken{}, errCutToken
	}
	return t, nil
}
