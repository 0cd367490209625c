package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// Audit keeps the audit log; *audit.Writer is one.
type Audit interface {
	// Write returns when the entry is kept.
	Write(e odb.AuditEntry)
	// Refused writes the entry of a refused attempt, or only counts it when who has
	// made too many; a quiet one is counted in any case.
	Refused(who string, quiet bool, e odb.AuditEntry)
}

// notes are what a handler tells for the entry of its call.
type notes struct {
	tried    string // the account that a caller who was not let in stands for
	subject  string // when the path does not tell it
	revision int64  // that the call made
	detail   string
}

// audit tells the log of the node and the audit log what a handler has done. more
// are keys and values as for slog and must be fit for both: never a secret.
// "revision" and "subject" go to the fields of these names.
func (a *API) audit(c *call, what string, more ...any) {
	detail := []string{what}
	for i := 0; i+1 < len(more); i += 2 {
		switch key := more[i]; {
		case key == "revision":
			c.notes.revision, _ = more[i+1].(int64)
		case key != "subject" && more[i+1] != "":
			detail = append(detail, fmt.Sprintf("%v %v", key, more[i+1]))
		case key == "subject" && c.notes.subject == "":
			c.notes.subject = "account/" + fmt.Sprint(more[i+1])
		}
	}
	c.notes.detail = strings.Join(detail, ", ")
	args := append([]any{"action", what, "cid", c.cid(), "account", c.who.account, "addr", c.addr()}, more...)
	a.cfg.Log.InfoContext(c.Context(), "admin action", args...)
}

// about notes what a call is about when its path does not tell: a kind and names.
func (c *call) about(kind string, names ...string) {
	c.notes.subject = kind + "/" + shorten(names)
}

// record makes the call's entry in the audit log, if it is worth one. It comes
// before the answer is sent, so that nobody knows of a change that the log does not.
func (a *API) record(c *call, err error) {
	status := c.status
	var p *client.Problem
	if err != nil {
		p = problemOf(err)
		status = p.Status
	}
	turnedAway := p != nil && p.Service == "" && (status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests)
	write := c.route.method != http.MethodGet && c.route.id != "invoke" && !c.route.quiet
	look := c.route.audited && p == nil && a.lookers.first(c, a.cfg.Now())
	if !turnedAway && !write && !look {
		return
	}
	e := a.entry(c, status, p)
	if e.Outcome != odb.AuditRefused {
		a.cfg.Audit.Write(e)
		return
	}
	empty := c.Header.Get("Authorization") == "" && c.Header.Get("Cookie") == ""
	a.cfg.Audit.Refused(addrKey(c.addr()), empty && !write, e) // who presents nothing has tried nothing
}

// entry describes a call for the audit log.
func (a *API) entry(c *call, status int, p *client.Problem) odb.AuditEntry {
	actor := c.actor()
	if actor.Name == "" {
		actor.Name = c.notes.tried
	}
	e := odb.AuditEntry{
		Actor: actor.Name, Source: actor.Source, Addr: actor.Addr, Action: c.route.id, Subject: c.subject(),
		Outcome: odb.AuditDone, Revision: c.notes.revision, CID: c.cid(), Detail: strconv.Itoa(status),
	}
	why := c.notes.detail
	switch {
	case status >= http.StatusInternalServerError:
		e.Outcome = odb.AuditFailed
		why = p.Code
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		e.Outcome = odb.AuditRefused
		why = p.Code // the words of a fault may repeat what is in the body
	case status >= http.StatusBadRequest:
		e.Outcome = odb.AuditRefused
		why = p.Detail
	}
	if why != "" {
		e.Detail += ": " + why
	}
	return e
}

// recordLock makes the entry of an account that a wrong password has locked.
func (a *API) recordLock(c *call, name string) {
	actor := c.actor()
	a.cfg.Audit.Write(odb.AuditEntry{
		Source: actor.Source, Addr: actor.Addr, Action: "lockAccount", Subject: "account/" + name, Outcome: odb.AuditDone,
		Detail: fmt.Sprintf("%d wrong passwords", a.locks.rule.Failures), CID: c.cid(),
	})
}

// subject is what the call is about: what its handler has noted, else what its
// path tells.
func (c *call) subject() string {
	if c.notes.subject != "" {
		return c.notes.subject
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(c.route.path, client.Prefix+"/"), "/")
	kind, name, id := c.param("kind"), c.param("name"), c.param("id")
	switch {
	case kind != "" && name != "":
		return kind + "/" + odb.CleanName(name)
	case kind != "":
		return kind
	case name != "":
		return strings.TrimSuffix(first, "s") + "/" + odb.CleanName(name)
	case id != "":
		return strings.TrimSuffix(first, "s") + "/" + id
	}
	return ""
}

const (
	lookAgain  = time.Minute // so long further looks of a caller at the audit log make no entry
	maxLookers = 1000
)

// lookers remembers who has looked at the audit log of late, so that reading it
// page by page is one entry: else the one who checks it would never reach its end.
type lookers struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// first reports whether a look is worth an entry.
func (l *lookers) first(c *call, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := c.route.id + " " + c.who.account + " " + c.addr()
	if at, ok := l.last[who]; ok && now.Sub(at) < lookAgain {
		return false
	}
	if l.last == nil {
		l.last = map[string]time.Time{}
	}
	trim(l.last, maxLookers, func(at time.Time) bool { return now.Sub(at) >= lookAgain })
	l.last[who] = now
	return true
}
