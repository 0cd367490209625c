package library

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"

	"signalbox.internal/node/library/fault"
)

func byteOps() map[string]work {
	return map[string]work{
		"base64.encode": base64Encode, "base64.decode": base64Decode,
		"hex.encode": hexEncode, "hex.decode": hexDecode,
		"hash": hashData, "hmac": hmacData, "hmac.verify": hmacVerify,
		"random.bytes": randomBytes, "random.uuid": randomUUID,
	}
}

func base64Encode(_ context.Context, a *arguments) (any, error) {
	data, _ := a.data()
	enc := base64.StdEncoding
	if a.oneOf("alphabet", "standard", "url") == "url" {
		enc = base64.URLEncoding
	}
	if !a.flag("padding", true) {
		enc = enc.WithPadding(base64.NoPadding)
	}
	if err := a.done(); err != nil {
		return nil, err
	}
	return enc.EncodeToString(data), nil
}

func base64Decode(_ context.Context, a *arguments) (any, error) {
	text, as := a.text("value"), a.oneOf("as", "text", "base64", "hex")
	if err := a.done(); err != nil {
		return nil, err
	}
	data, err := decodeBase64(text)
	if err != nil {
		return nil, fault.New("encoding.base64", "the value is not base64")
	}
	return write(data, as)
}

func hexEncode(_ context.Context, a *arguments) (any, error) {
	data, _ := a.data()
	if err := a.done(); err != nil {
		return nil, err
	}
	return hex.EncodeToString(data), nil
}

func hexDecode(_ context.Context, a *arguments) (any, error) {
	text, as := a.text("value"), a.oneOf("as", "text", "base64")
	if err := a.done(); err != nil {
		return nil, err
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, fault.New("encoding.hex", "the value is not hexadecimal")
	}
	return write(data, as)
}

// digestForm reads how a digest is written.
func (a *arguments) digestForm() string { return a.oneOf("as", "hex", "base64", "base64url") }

func hashData(_ context.Context, a *arguments) (any, error) {
	data, _ := a.data()
	algorithm, as := a.text("algorithm"), a.digestForm()
	if err := a.done(); err != nil {
		return nil, err
	}
	sum, err := Hash(algorithm, data)
	if err != nil {
		return nil, err
	}
	return write(sum, as)
}

func hmacData(_ context.Context, a *arguments) (any, error) {
	sum, as := a.hmac()
	if err := a.done(); err != nil {
		return nil, err
	}
	return write(sum, as)
}

// hmac reads the arguments of a keyed digest and makes it.
func (a *arguments) hmac() (sum []byte, as string) {
	algorithm, as := a.text("algorithm"), a.digestForm()
	key, _ := a.either("key", "keyBase64")
	data, _ := a.data()
	if len(a.faults) > 0 {
		return nil, as
	}
	sum, err := HMAC(algorithm, key, data)
	if err != nil {
		a.refuse(err)
	}
	return sum, as
}

// hmacVerify says false, too, for a signature that is not written as it should be.
func hmacVerify(_ context.Context, a *arguments) (any, error) {
	sum, as := a.hmac()
	signature := a.text("signature")
	if err := a.done(); err != nil {
		return nil, err
	}
	given, err := decodeBase64(signature)
	if as == "hex" {
		given, err = hex.DecodeString(signature)
	}
	return err == nil && hmac.Equal(sum, given), nil
}

func randomBytes(_ context.Context, a *arguments) (any, error) {
	length, as := a.small("length"), a.oneOf("as", "base64", "hex", "base64url")
	if err := a.done(); err != nil {
		return nil, err
	}
	data, err := RandomBytes(length)
	if err != nil {
		return nil, err
	}
	return write(data, as)
}

func randomUUID(_ context.Context, a *arguments) (any, error) {
	version := a.wholeOr("version", 4)
	if err := a.done(); err != nil {
		return nil, err
	}
	return UUID(int(min(max(version, 0), 100)))
}
