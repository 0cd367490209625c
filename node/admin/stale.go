package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// Access is who may use the API as the ODB last said it, for the time without
// the ODB; *lastgood.Access is one.
type Access interface {
	Account(name string) (odb.Account, error)
	TokenByHash(hash string) (odb.Token, error)
	ListAccounts() []odb.Account
	ListTokens() []odb.Token
}

// staleHeader tells that the ODB is away and which revision was read in its place.
const staleHeader = "X-Stale-Revision"

// markStale says on the answer that it is not from the ODB.
func (a *API) markStale(c *call) {
	if running := a.cfg.Snapshot(); running != nil {
		c.w.Header().Set(staleHeader, strconv.FormatInt(running.Revision(), 10))
	}
}

// lastAccess returns what stands in for the ODB's accounts when err says that it
// is away; nil when the ODB has spoken, or when there is nothing.
func (a *API) lastAccess(c *call, err error) Access {
	if a.cfg.LastAccess == nil || odb.KindOf(err) != odb.Unavailable || c.Context().Err() != nil {
		return nil
	}
	last := a.cfg.LastAccess()
	if last != nil && c.Method == http.MethodGet {
		a.markStale(c)
	}
	return last
}

// token finds a token by its hash, in the ODB or as it was last read.
func (a *API) token(c *call, hash string) (odb.Token, error) {
	t, err := a.cfg.Store.TokenByHash(c.Context(), hash)
	if last := a.lastAccess(c, err); last != nil {
		return last.TokenByHash(hash)
	}
	return t, err
}

// account finds an account by name, in the ODB or as it was last read.
func (a *API) account(c *call, name string) (odb.Account, error) {
	account, err := a.cfg.Store.Account(c.Context(), name)
	if last := a.lastAccess(c, err); last != nil {
		return last.Account(name)
	}
	return account, err
}

// unavailable makes the problem of a call that needs the ODB while it is away.
// Where the ODB is, and what its driver says, is for the log.
func unavailable(err error) *client.Problem {
	const goesOn = "; the node goes on with its last good configuration"
	detail := "the ODB cannot be reached now" + goesOn + ". Look at the state before you repeat a change"
	if away, ok := errors.AsType[*odb.Away](err); ok {
		detail = "this needs the ODB, which is " + awayBecause(away) + "; nothing was changed" + goesOn
	}
	p := refuse(http.StatusServiceUnavailable, client.CodeUnavailable, "%s", detail)
	p.RetryAfter = 5 * time.Second
	return p
}

func knownAway(err error) bool {
	_, ok := errors.AsType[*odb.Away](err)
	return ok
}

func awayBecause(away *odb.Away) string {
	since := " since " + away.Since.UTC().Format(time.RFC3339)
	b, behind := errors.AsType[*odb.Behind](away.Err)
	switch {
	case behind && b.Missing != "":
		return "away" + since + " because its file is not there"
	case behind:
		return "at revision " + strconv.FormatInt(b.At, 10) + since + ", behind revision " + strconv.FormatInt(b.Known, 10) + " of this node"
	}
	return "away" + since
}

// acceptODB takes an ODB that is behind the node as it is.
func (a *API) acceptODB(c *call) (any, error) {
	was := a.cfg.Snapshot().Revision()
	ctx, cancel := context.WithTimeout(c.Context(), settle)
	defer cancel()
	revision, err := a.cfg.AcceptODB(ctx)
	if err != nil {
		return nil, err
	}
	a.audit(c, "ODB accepted", "revision", revision, "was", was)
	return client.AcceptedODB{Revision: revision, Was: was}, nil
}
