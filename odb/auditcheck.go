package odb

import (
	"fmt"
	"time"
)

// ChainFault is the first place where a chain does not hold.
type ChainFault struct {
	Seq     int64  `json:"seq"`     // of the entry that is wrong or missing
	Message string `json:"message"` // what is wrong with it
}

// Error tells the fault.
func (f *ChainFault) Error() string { return fmt.Sprintf("entry %d %s", f.Seq, f.Message) }

// AuditChecker checks the audit log's chain entry by entry, from the first, for
// whoever can read the entries. The zero value is ready; it is for one goroutine.
type AuditChecker struct {
	Checked  int64     // entries that hold
	From, To time.Time // when the first and the last of them were appended
	Head     AuditHead // the last of them
	Fault    *ChainFault
}

// Add checks the next entry and reports whether the chain holds up to it. After
// the first fault nothing is checked any more.
func (c *AuditChecker) Add(e AuditEntry) bool {
	switch want := c.Head.Seq + 1; {
	case c.Fault != nil:
		return false
	case e.Seq > want:
		c.Fault = &ChainFault{want, "is missing"}
	case e.Seq < want:
		c.Fault = &ChainFault{e.Seq, "is there twice or out of order"}
	case e.Hash != AuditHash(c.Head.Hash, e):
		c.Fault = &ChainFault{e.Seq, "was changed, or another one before it: its hash does not fit"}
	default:
		c.Head = AuditHead{Seq: e.Seq, Hash: e.Hash}
		c.Checked++
		c.To = e.At
		if c.From.IsZero() {
			c.From = e.At
		}
		return true
	}
	return false
}

// End compares the last entry with the log's head, which must have been read
// after that entry, when no more entries were there. It returns the first fault.
func (c *AuditChecker) End(head AuditHead) *ChainFault {
	switch {
	case c.Fault != nil:
	case head.Seq > c.Head.Seq:
		c.Fault = &ChainFault{c.Head.Seq + 1, fmt.Sprintf("is missing: the log ends before its head, %d", head.Seq)}
	case head.Seq < c.Head.Seq:
		c.Fault = &ChainFault{head.Seq + 1, fmt.Sprintf("was not appended by a node: the log's head is %d", head.Seq)}
	case head.Hash != c.Head.Hash:
		c.Fault = &ChainFault{head.Seq, "is not the one that the log's head tells"}
	}
	return c.Fault
}
