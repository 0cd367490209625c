package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"
)

// ringService is what the credentials are called in a keyring.
const ringService = "Signalbox"

// ringTime is how long a keyring may take: a locked one asks its owner, who may be away.
const ringTime = 5 * time.Second

// ErrNoSecret is what a Keyring answers when it has nothing under a name.
var ErrNoSecret = errors.New("the keyring has no such secret")

// Keyring keeps secrets by name. It may block: calls are given up after seconds.
type Keyring interface {
	Get(name string) (string, error) // ErrNoSecret when there is none
	Set(name, secret string) error
	Delete(name string) error // ErrNoSecret when there is none
}

// osKeyring is the operating system's: Secret Service, Keychain, Credential Manager.
type osKeyring struct{}

// Get implements Keyring.
func (osKeyring) Get(name string) (string, error) {
	secret, err := keyring.Get(ringService, name)
	return secret, ringError(err)
}

// Set implements Keyring.
func (osKeyring) Set(name, secret string) error { return keyring.Set(ringService, name, secret) }

// Delete implements Keyring.
func (osKeyring) Delete(name string) error { return ringError(keyring.Delete(ringService, name)) }

func ringError(err error) error {
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNoSecret
	}
	return err
}

// timedRing gives up on a keyring that blocks. A call that was given up ends by
// itself when the keyring answers or its connection breaks; nobody waits for it.
type timedRing struct {
	ring   Keyring
	within time.Duration
}

var errRingSilent = errors.New("the keyring did not answer; it may be asking for its password")

func (t *timedRing) do(call func() (string, error)) (string, error) {
	type result struct {
		secret string
		err    error
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.within)
	defer cancel()
	got := make(chan result, 1)
	go func() {
		secret, err := call()
		got <- result{secret, err}
	}()
	select {
	case r := <-got:
		return r.secret, r.err
	case <-ctx.Done():
		return "", errRingSilent
	}
}

func (t *timedRing) get(name string) (string, error) {
	return t.do(func() (string, error) { return t.ring.Get(name) })
}

// put keeps a secret; an empty one is deleted.
func (t *timedRing) put(name, secret string) error {
	_, err := t.do(func() (string, error) {
		if secret != "" {
			return "", t.ring.Set(name, secret)
		}
		if err := t.ring.Delete(name); !errors.Is(err, ErrNoSecret) {
			return "", err
		}
		return "", nil
	})
	return err
}

// probe finds out whether the keyring works, by using it.
func (t *timedRing) probe() error {
	name, value := "probe-"+newID(), newID()
	if err := t.put(name, value); err != nil {
		return fmt.Errorf("write to the keyring: %w", err)
	}
	got, err := t.get(name)
	if derr := t.put(name, ""); err == nil {
		err = derr
	}
	if err != nil {
		return fmt.Errorf("read from the keyring: %w", err)
	}
	if got != value {
		return errors.New("the keyring answers with something else than it was given")
	}
	return nil
}
