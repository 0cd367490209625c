package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// The one-time code: so many characters, 59 bits of chance, valid for so long,
// void after so many wrong ones.
const (
	claimAlphabet = "23456789ABCDEFGHJKLMNPQRSTVWXYZ" // no two that look alike
	claimChars    = 12
	claimLife     = time.Hour
	maxClaimTries = 10
	firstAdmin    = "admin"
)

// claimCode is the node's one-time code; only its hash is kept, in memory.
type claimCode struct {
	now     func() time.Time
	mu      sync.Mutex
	hash    [sha256.Size]byte
	expires time.Time // zero: there is no code
	wrong   int
}

// renew makes a code and forgets the one before.
func (k *claimCode) renew() (string, time.Time) {
	var chars [claimChars]byte
	for i := range chars {
		chars[i] = claimAlphabet[randomBelow(byte(len(claimAlphabet)))]
	}
	code := string(chars[:])
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hash, k.wrong, k.expires = sha256.Sum256(chars[:]), 0, k.now().Add(claimLife)
	return code[:4] + "-" + code[4:8] + "-" + code[8:], k.expires
}

// randomBelow draws a number below n without favouring any.
func randomBelow(n byte) byte {
	for {
		var b [1]byte
		_, _ = rand.Read(b[:]) // documented never to fail
		if int(b[0]) < 256-256%int(n) {
			return b[0] % n
		}
	}
}

// try reports whether there is a code, and whether it is this one. Wrong ones are
// counted; the last that is allowed makes the code void.
func (k *claimCode) try(code string) (there, right bool) {
	hash := sha256.Sum256([]byte(typedCode(code)))
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.expires.IsZero() || !k.now().Before(k.expires) {
		k.expires = time.Time{}
		return false, false
	}
	if subtle.ConstantTimeCompare(hash[:], k.hash[:]) == 1 {
		return true, true
	}
	if k.wrong++; k.wrong >= maxClaimTries {
		k.expires = time.Time{}
	}
	return true, false
}

// typedCode undoes what people do to a code when they type it.
func typedCode(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, code))
}

// void forgets the code.
func (k *claimCode) void() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expires = time.Time{}
}

// NewClaimCode makes a one-time code with which the first administrator gets a
// password, and makes the one before void. The caller shows it to whoever is at
// the node, and to nobody else. A Conflict says that the cluster is claimed.
func (a *API) NewClaimCode(ctx context.Context) (client.ClaimCode, error) {
	claimed, err := a.claimed(ctx)
	if err != nil {
		return client.ClaimCode{}, err
	}
	if claimed {
		a.claim.void()
		return client.ClaimCode{}, odb.Errorf(odb.Conflict, "make claim code", "", "%s", claimedAlready)
	}
	code, expires := a.claim.renew()
	return client.ClaimCode{Code: code, Expires: expires.UTC().Truncate(time.Second)}, nil
}

const claimedAlready = "the cluster is claimed already: an account has a password; sign in with it, or let an administrator make an account for you"

// claimed reports whether any account has a password.
func (a *API) claimed(ctx context.Context) (bool, error) {
	all, err := a.cfg.Store.ListAccounts(ctx)
	for _, x := range all {
		if x.Password != "" {
			return true, nil
		}
	}
	return false, err
}

func (a *API) newClaimCode(c *call) (any, error) {
	code, err := a.NewClaimCode(c.Context())
	if err != nil {
		return nil, err
	}
	a.audit(c, "claim code made")
	return code, nil
}

// claimCluster makes the first administrator for whoever has the code.
func (a *API) claimCluster(c *call) (any, error) {
	in, err := decode[client.Claim](c)
	if err != nil {
		return nil, err
	}
	if !sameOrigin(c.Request) {
		return nil, refuse(http.StatusForbidden, client.CodeForbidden, "another site may not claim the cluster")
	}
	if err := a.checkCode(c, in.Code); err != nil {
		return nil, err
	}
	name := odb.CleanName(in.Name)
	if name == "" {
		name = firstAdmin
	}
	var faults odb.Faults
	checkAccountName(name, &faults)
	if err := faults.Err("claim cluster", ""); err != nil {
		return nil, err
	}
	hash, err := a.hash(c.Context(), in.Password)
	if err != nil {
		return nil, err
	}
	a.accounts.Lock()
	defer a.accounts.Unlock()
	account, err := a.cfg.Store.ClaimAccount(c.Context(), name, hash)
	if odb.KindOf(err) == odb.Conflict {
		a.claim.void()
		return nil, refuse(http.StatusConflict, client.CodeConflict, claimedAlready)
	}
	if err != nil {
		return nil, err
	}
	a.claim.void()
	c.who.account, c.who.role = account.Name, account.Role
	a.audit(c, "cluster claimed", "subject", account.Name, "role", string(account.Role))
	return a.claimedAs(c, account, in.Session)
}

// checkCode refuses a wrong code. Whoever guesses has to wait, and soon there is
// nothing left to guess.
func (a *API) checkCode(c *call, code string) error {
	key := addrKey(c.addr())
	if wait := a.guard.wait(key); wait > 0 {
		a.counters.refused("throttled")
		return tooMany(wait)
	}
	there, right := a.claim.try(code)
	if right {
		return nil
	}
	a.guard.failed(key)
	a.counters.refused("claim")
	if there {
		return refuse(http.StatusForbidden, client.CodeForbidden, "the code is wrong; it stands on the console of this node. After %d wrong ones it is void", maxClaimTries)
	}
	claimed, err := a.claimed(c.Context())
	if err != nil {
		return err
	}
	if claimed {
		return refuse(http.StatusConflict, client.CodeConflict, claimedAlready)
	}
	return refuse(http.StatusForbidden, client.CodeForbidden, "the node has no code now, or it was void: after %s or %d wrong ones. On the node's own box, signalbox claim --new-code makes another one", claimLife, maxClaimTries)
}

// claimedAs signs the new administrator in. The cluster is claimed by now: that
// the token cannot be made is no failure of the claim.
func (a *API) claimedAs(c *call, account odb.Account, browser bool) (any, error) {
	out := client.Claimed{Account: account.Name, Role: account.Role}
	if browser {
		x := a.openSession(c, session{account: account.Name, password: account.Password})
		out.CSRF, out.Expires = x.csrf, &x.expires
		return out, nil
	}
	secret, t, err := a.mint(c, account)
	if err != nil {
		a.cfg.Log.WarnContext(c.Context(), "the cluster is claimed, but no token could be made", "cid", c.cid(), "error", err.Error())
		return out, nil
	}
	out.Token, out.Expires = secret, &t.Expires
	return out, nil
}
