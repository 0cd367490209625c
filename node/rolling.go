package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// A rolling restart lives in the ODB, so that any node can carry it on: the marks
// hold how far it is, the lease says who drives it, so never two do.
const (
	rollingMark  = "rolling_restart"       // which parts hold the state
	rollingEnd   = "rolling_restart_abort" // id of the restart that is to end, and who wants it
	rollingLease = "rolling restart"
	rollingTTL   = 10 * time.Second
	// rollingIdle is how often a node looks whether there is something to carry on.
	rollingIdle = 2 * time.Second
	// rollingLook is how often the driver looks at the node at work.
	rollingLook = 250 * time.Millisecond
	// rollingForgotten is when nobody goes on any more with what nobody went on with,
	// say after a power cut, or in an ODB that was restored.
	rollingForgotten = 15 * time.Minute
	// rollingPart is the most characters of the state that one mark holds.
	rollingPart = 3500
)

// rollingHead says where the state is. It is written after its parts, which take
// turns with those of the state before: a reader sees the old or the new one.
type rollingHead struct {
	Turn  int    `json:"turn"` // 0 or 1
	Parts int    `json:"parts"`
	Sum   string `json:"sum"`
}

var errTorn = errors.New("the state of the rolling restart was changed while it was read")

// loadRolling reads the state of the last rolling restart and when it was written.
// There is always one; that of a cluster without any is RestartNone.
func loadRolling(ctx context.Context, marks odb.Marks) (client.RollingRestart, time.Time, error) {
	for attempt := 1; ; attempt++ {
		r, at, err := readRolling(ctx, marks)
		if err == nil || !errors.Is(err, errTorn) || attempt == 5 {
			return r, at, err
		}
	}
}

func readRolling(ctx context.Context, marks odb.Marks) (client.RollingRestart, time.Time, error) {
	r := client.RollingRestart{State: client.RestartNone, Nodes: []client.RestartStep{}}
	head, at, err := rollingHeadOf(ctx, marks)
	if err != nil || head.Parts == 0 {
		return r, at, err
	}
	var text strings.Builder
	for i := range head.Parts {
		m, err := marks.Mark(ctx, rollingPartName(head.Turn, i))
		if err != nil && odb.KindOf(err) != odb.NotFound {
			return r, at, err
		}
		text.WriteString(m.Value)
	}
	if rollingSum(text.String()) != head.Sum {
		return r, at, errTorn
	}
	if err := json.Unmarshal([]byte(text.String()), &r); err != nil {
		return r, at, fmt.Errorf("read rolling restart: %w", err)
	}
	return r, at, nil
}

// rollingHeadOf reads the head; one without parts when there was no restart yet.
func rollingHeadOf(ctx context.Context, marks odb.Marks) (head rollingHead, at time.Time, err error) {
	m, err := marks.Mark(ctx, rollingMark)
	if odb.KindOf(err) == odb.NotFound {
		return head, at, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(m.Value), &head)
	}
	if err != nil {
		return head, at, fmt.Errorf("read rolling restart: %w", err)
	}
	return head, m.At, nil
}

// saveRolling writes the state. Only who holds the lease may.
func saveRolling(ctx context.Context, marks odb.Marks, r client.RollingRestart) error {
	head, _, err := rollingHeadOf(ctx, marks)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write rolling restart: %w", err)
	}
	rest, next := []rune(string(raw)), rollingHead{Turn: 1 - head.Turn, Sum: rollingSum(string(raw))}
	for len(rest) > 0 {
		n := min(len(rest), rollingPart)
		if err := marks.SetMark(ctx, rollingPartName(next.Turn, next.Parts), string(rest[:n])); err != nil {
			return err
		}
		rest = rest[n:]
		next.Parts++
	}
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("write rolling restart: %w", err)
	}
	return marks.SetMark(ctx, rollingMark, string(text))
}

func rollingPartName(turn, part int) string { return fmt.Sprintf("%s_%d_%d", rollingMark, turn, part) }

func rollingSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// endRolling asks whoever drives a restart to end it.
func endRolling(ctx context.Context, marks odb.Marks, id, by string) error {
	return marks.SetMark(ctx, rollingEnd, id+" "+by)
}

// rollingEndOf reports who wants the restart to end; empty when nobody does.
func rollingEndOf(ctx context.Context, marks odb.Marks, id string) (by string, err error) {
	m, err := marks.Mark(ctx, rollingEnd)
	if odb.KindOf(err) == odb.NotFound {
		return "", nil
	}
	if of, by, ok := strings.Cut(m.Value, " "); ok && of == id {
		return by, err
	}
	return "", err
}
