package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"signalbox.internal/odb"
)

// CopyODB asks for the ODB to be moved to another database.
type CopyODB struct {
	To string `json:"to" jsonschema:"DSN of an empty database, with its password: kept sealed, never shown"`
}

// CopyStep is one line of the answer to it: progress, and last either how it
// ended or why it did not.
type CopyStep struct {
	Phase   string     `json:"phase,omitempty" jsonschema:"freeze, copy, verify or switch"`
	Table   string     `json:"table,omitempty" jsonschema:"the table at hand"`
	Rows    int64      `json:"rows,omitempty" jsonschema:"rows copied so far"`
	Done    *CopiedODB `json:"done,omitempty" jsonschema:"of the last line: what was done"`
	Problem *Problem   `json:"problem,omitempty" jsonschema:"of the last line: why nothing was done"`
}

// CopiedODB says what a copy did.
type CopiedODB struct {
	ID       string     `json:"id"`
	From     string     `json:"from" jsonschema:"the old database, without credentials"`
	To       string     `json:"to" jsonschema:"the new one, without its password"`
	Revision int64      `json:"revision"`
	Rows     int64      `json:"rows"`
	FrozenMS int64      `json:"frozen_ms" jsonschema:"how long nothing could be written"`
	Followed bool       `json:"followed" jsonschema:"whether the node that did it uses the new one already"`
	Tables   []TableSum `json:"tables" jsonschema:"what both databases were found to hold"`
}

// TableSum is what one table holds.
type TableSum struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256" jsonschema:"of the rows in canonical form"`
}

// CheckODB has the ODB checked, as the node that answers reaches it.
func (c *Client) CheckODB(ctx context.Context) (odb.CheckReport, error) {
	var out odb.CheckReport
	return out, c.get(ctx, path("odb", "check"), nil, &out)
}

// CopyODB moves the ODB to another database while the cluster runs; progress is
// told of each step and may be nil. When ctx ends before the switch, nothing is
// moved.
func (c *Client) CopyODB(ctx context.Context, to string, progress func(CopyStep)) (CopiedODB, error) {
	body, err := encode(CopyODB{To: to})
	if err != nil {
		return CopiedODB{}, err
	}
	req := request{method: http.MethodPost, path: path("odb", "copy"), body: body}
	resp, err := c.send(ctx, req)
	if err != nil {
		return CopiedODB{}, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(http.MaxBytesReader(nil, resp.Body, MaxAnswer))
	lines.Buffer(nil, 1<<20)
	if resp.StatusCode != http.StatusOK {
		var text []byte
		for lines.Scan() {
			text = append(append(text, lines.Bytes()...), '\n')
		}
		return CopiedODB{}, readProblem(resp, text)
	}
	for lines.Scan() {
		var step CopyStep
		if err := json.Unmarshal(lines.Bytes(), &step); err != nil {
			return CopiedODB{}, fmt.Errorf("read answer of %s %s: %w", req.method, req.path, err)
		}
		switch {
		case step.Problem != nil:
			return CopiedODB{}, step.Problem
		case step.Done != nil:
			return *step.Done, nil
		case progress != nil:
			progress(step)
		}
	}
	if ctx.Err() != nil {
		return CopiedODB{}, fmt.Errorf("%s %s: %w", req.method, req.path, context.Cause(ctx))
	}
	err = lines.Err()
	if err == nil {
		err = errors.New("the answer ends before the copy does")
	}
	return CopiedODB{}, &Unreachable{URL: resp.Request.URL.Scheme + "://" + resp.Request.URL.Host, Sent: true, Err: err}
}
