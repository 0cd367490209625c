package admin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"signalbox.internal/odb"
)

// The cost of a password hash: 19 MiB and two passes, about 30 ms.
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonKey    = 32
	minPassword = 10 // characters
	maxPassword = 500
)

// HashPassword returns the argon2id hash of a password in PHC form, with a fresh salt.
func HashPassword(password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return "", odb.Faults{{Pointer: "/password", Message: fmt.Sprintf("has %d characters; %d to %d are needed", n, minPassword, maxPassword)}}.Err("set", "password")
	}
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // documented never to fail
	key := argon2.IDKey([]byte(password), salt[:], argonPasses, argonMemory, argonLanes, argonKey)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
		enc.EncodeToString(salt[:]), enc.EncodeToString(key)), nil
}

// checkPassword reports whether password has the PHC hash; a hash that it cannot
// read fits no password.
func checkPassword(hash, password string) bool {
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || len(password) > 4*maxPassword {
		return false
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	sane := version == argon2.Version && memory >= 8 && memory <= 256*1024 && passes >= 1 && passes <= 10 && lanes >= 1 && lanes <= 16
	if err1 != nil || err2 != nil || !sane || len(key) < 16 || len(key) > 64 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1
}

// hashSlot admits a few password hashes at a time, so that many sign-ins cannot
// take the node's memory; done gives the place back.
func (a *API) hashSlot(ctx context.Context) (done func(), err error) {
	select {
	case a.hashing <- struct{}{}:
		return func() { <-a.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
