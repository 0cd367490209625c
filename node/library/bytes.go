package library

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"unicode/utf8"

	"github.com/google/uuid"

	"signalbox.internal/node/library/fault"
)

// hashOf finds a hash by name. SHA-1, MD5 and CRC-32 are for old partners and file
// checks, not for security.
func hashOf(algorithm string) func() hash.Hash {
	switch algorithm {
	case "sha256":
		return sha256.New
	case "sha384":
		return sha512.New384
	case "sha512":
		return sha512.New
	case "sha1":
		return sha1.New
	case "md5":
		return md5.New
	case "crc32":
		return func() hash.Hash { return crc32.NewIEEE() }
	}
	return nil
}

// Hash gives the digest of data by sha256, sha384, sha512, sha1, md5 or crc32 (four
// bytes, the highest first). Another algorithm has code "hash.algorithm".
func Hash(algorithm string, data []byte) ([]byte, error) {
	algo := hashOf(algorithm)
	if algo == nil {
		return nil, fault.New("hash.algorithm", "%s is not a hash algorithm", fault.Quote(algorithm))
	}
	h := algo()
	h.Write(data)
	return h.Sum(nil), nil
}

// HMAC gives the keyed digest of data by an algorithm of Hash other than crc32. An
// empty key has code "hmac.key".
func HMAC(algorithm string, key, data []byte) ([]byte, error) {
	algo := hashOf(algorithm)
	if algo == nil || algorithm == "crc32" {
		return nil, fault.New("hash.algorithm", "%s is not a hash algorithm for keys", fault.Quote(algorithm))
	}
	if len(key) == 0 {
		return nil, fault.New("hmac.key", "the key is empty")
	}
	h := hmac.New(algo, key)
	h.Write(data)
	return h.Sum(nil), nil
}

// maxRandom is how many random bytes one call gives.
const maxRandom = 64 << 10

// RandomBytes gives 1 to 65536 bytes of the system's generator, fit for keys. Another
// number has code "random.length".
func RandomBytes(n int) ([]byte, error) {
	if n < 1 || n > maxRandom {
		return nil, fault.New("random.length", "length is %d, not 1 to %d", n, maxRandom)
	}
	b := make([]byte, n)
	rand.Read(b)
	return b, nil
}

// UUID gives a new UUID of version 4 (random) or 7 (random, sorted by time). Another
// version has code "random.version".
func UUID(version int) (string, error) {
	var id uuid.UUID
	var err error
	switch version {
	case 4:
		id, err = uuid.NewRandom()
	case 7:
		id, err = uuid.NewV7()
	default:
		return "", fault.New("random.version", "version is %d, not 4 or 7", version)
	}
	if err != nil {
		return "", fault.New("random.version", "no random bytes: %v", err)
	}
	return id.String(), nil
}

// write writes bytes as "text" (which must be UTF-8), "hex", "base64" or "base64url".
func write(data []byte, as string) (string, error) {
	switch as {
	case "hex":
		return hex.EncodeToString(data), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(data), nil
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(data), nil
	}
	if !utf8.Valid(data) {
		return "", fault.New("encoding.text", "the bytes are not UTF-8 text; ask for base64")
	}
	return string(data), nil
}
