package odb

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// chainLabel begins what is hashed and names its form: whoever changes the
// fields or their encoding changes the label.
const chainLabel = "signalbox change set 1"

// ChainHash returns the SHA-256, in hexadecimal digits, of a revision with all
// its changes and of the hash of the revision before it, which is empty for the
// first of a chain. r.Hash itself is not in it.
//
// What is hashed is the label, then previous, revision, time in microseconds,
// actor, source, address, reason and the number of changes, then of each change
// op, id, kind, name, old name, version and the SHA-256 of the specs before and
// after. A number is 8 bytes, big-endian; a text is its length as such a number
// and its bytes in UTF-8; a spec that is not there is an empty text.
func ChainHash(previous string, r Revision) string {
	h := chainHasher{sha256.New()}
	h.texts(chainLabel, previous)
	h.number(r.Revision)
	h.number(r.At.UnixMicro())
	h.texts(r.Actor.Name, r.Actor.Source, r.Actor.Addr, r.Reason)
	h.number(int64(len(r.Changes)))
	for _, c := range r.Changes {
		h.texts(string(c.Op), c.ID, c.Kind, c.Name, c.OldName)
		h.number(c.Version)
		h.spec(c.Before)
		h.spec(c.After)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// chainHasher takes in fields so that no two lists of them are the same bytes.
type chainHasher struct{ hash.Hash }

func (h chainHasher) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // the same 64 bits
	_, _ = h.Write(b[:])                        // a hash never fails
}

func (h chainHasher) texts(texts ...string) {
	for _, s := range texts {
		h.number(int64(len(s)))
		_, _ = h.Write([]byte(s)) // a hash never fails
	}
}

func (h chainHasher) spec(spec []byte) {
	if spec == nil {
		h.texts("")
		return
	}
	sum := sha256.Sum256(spec)
	h.texts(string(sum[:]))
}

// Chain checks revisions one after the other, from the first on. The zero Chain
// stands before revision 1. A chain shows that a row was changed, taken away or
// put elsewhere by somebody who did not write all later rows anew; whether the
// newest revisions were cut off shows in the ODB's revision, and in a hash that
// was noted elsewhere.
type Chain struct {
	Revision int64  // the last revision that fitted; 0 for none
	Hash     string // its hash; empty while all revisions are older than the chain
	Unhashed int64  // how many revisions were made before the ODB kept hashes
}

// Add checks that a revision follows the last one and that its hash is the one
// of what it says; a revision without a hash may only be before all that have one.
// An error is Invalid and leaves the chain where it was.
func (c *Chain) Add(r Revision) error {
	const op = "check change log"
	key := fmt.Sprintf("revision %d", r.Revision)
	if r.Revision != c.Revision+1 {
		return Errorf(Invalid, op, key, "it follows revision %d; what is between them is not there", c.Revision)
	}
	switch want := ChainHash(c.Hash, r); {
	case r.Hash == "" && c.Hash == "":
		c.Unhashed++
	case r.Hash == "":
		return Errorf(Invalid, op, key, "its hash is not there")
	case r.Hash != want:
		return Errorf(Invalid, op, key, "its hash is %s, but what it says gives %s: it, or the hash of revision %d, is not what was written",
			r.Hash, want, c.Revision)
	}
	c.Revision, c.Hash = r.Revision, r.Hash
	return nil
}
