package node

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

// How long a box may wait for approval, and how many commitments are kept.
const (
	joinWait    = 15 * time.Minute
	commitLife  = 5 * time.Minute
	mostCommits = 1000
	nonceBytes  = 32
)

// joins lets boxes into the cluster.
type joins struct {
	n       *Node
	mu      sync.Mutex
	commits map[string]commitment // by the commitment, hexadecimal
	waiting map[string]waiter     // by the id of the node
}

// waiter is a box that waits for approval at this node.
type waiter struct {
	nonce []byte
	token string // id of the join token that it used; empty: none
}

// commitment is what a box without a token bound itself to.
type commitment struct {
	salt []byte
	at   time.Time
}

func newJoins(n *Node) *joins {
	return &joins{n: n, commits: map[string]commitment{}, waiting: map[string]waiter{}}
}

// Token implements admin.Joins.
func (j *joins) Token() (id, hash, text string, err error) {
	addresses := []string{j.n.advertised(j.n.control.Addr())}
	for _, v := range j.n.roster.Views() {
		if !v.Local && v.State == cluster.Up && v.Control != "" {
			addresses = append(addresses, v.Control)
		}
	}
	t := cluster.NewJoinToken(j.n.authority.Fingerprint(), addresses)
	text, err = t.Text()
	return t.ID, cluster.HashJoinSecret(t.Secret), text, err
}

// Commit implements admin.Joins.
func (j *joins) Commit(_ context.Context, in client.JoinCommit) (client.JoinSalt, error) {
	if len(in.Commit) != sha256.Size {
		return client.JoinSalt{}, odb.Errorf(odb.Invalid, "commit to join", "", "the commitment is not a SHA-256")
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for key, c := range j.commits {
		if time.Since(c.at) > commitLife {
			delete(j.commits, key)
		}
	}
	if len(j.commits) >= mostCommits {
		return client.JoinSalt{}, odb.Errorf(odb.Unavailable, "commit to join", "", "too many boxes ask at a time")
	}
	key := hex.EncodeToString(in.Commit)
	c, ok := j.commits[key]
	if !ok {
		c = commitment{salt: make([]byte, nonceBytes), at: time.Now()}
		_, _ = rand.Read(c.salt) // documented never to fail
		j.commits[key] = c
	}
	return client.JoinSalt{Salt: c.salt}, nil
}

// Join implements admin.Joins. What may be mended (the name, the way to the ODB) is
// said before a use of the token is spent, and nothing of it to who has no token.
func (j *joins) Join(ctx context.Context, in client.JoinAsk, addr string) (client.JoinAnswer, error) {
	id, err := checkAsk(in)
	if err != nil {
		return client.JoinAnswer{}, err
	}
	holds, err := j.holds(ctx, in)
	if err != nil {
		return client.JoinAnswer{}, err
	}
	if done, out, err := j.again(ctx, id, in, holds); done || err != nil {
		return out, err
	}
	if holds || in.Token == "" {
		if err := j.fits(id, in); err != nil {
			return client.JoinAnswer{}, err
		}
	}
	if in.Token == "" {
		return j.ask(ctx, id, in, addr)
	}
	r := odb.JoinRequest{ID: id, Name: in.Name, Code: joinCode(in.Request, j.n.authority.Fingerprint(), in.Nonce, nil), Addr: addr}
	if holds && j.spent(id, in.Token) {
		return j.wait(ctx, r, in)
	}
	token, err := j.n.store.UseJoinToken(ctx, in.Token, cluster.HashJoinSecret(in.Secret))
	if err != nil {
		return client.JoinAnswer{}, err
	}
	if token.Approve {
		return j.wait(ctx, r, in)
	}
	return j.letIn(ctx, id, in.Name, "join token of "+token.By)
}

// checkAsk checks what shows without the ODB and returns the node's id.
func checkAsk(in client.JoinAsk) (string, error) {
	const op = "join cluster"
	if err := odb.CheckName(odb.CleanName(in.Name)); err != nil {
		return "", odb.Errorf(odb.Invalid, op, in.Name, "%w", err)
	}
	csr, err := x509.ParseCertificateRequest(in.Request)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil || len(in.Nonce) != nonceBytes {
		return "", odb.Errorf(odb.Invalid, op, in.Name, "the request does not prove that the box has a key")
	}
	return cluster.IDOf(csr.PublicKey)
}

// holds reports whether a box shows a token that was made here and has not
// expired, whether or not a use of it is left.
func (j *joins) holds(ctx context.Context, in client.JoinAsk) (bool, error) {
	if in.Token == "" {
		return false, nil
	}
	tokens, err := j.n.store.ListJoinTokens(ctx)
	if err != nil {
		return false, err
	}
	hash := cluster.HashJoinSecret(in.Secret)
	return slices.ContainsFunc(tokens, func(t odb.JoinToken) bool {
		return t.ID == in.Token && subtle.ConstantTimeCompare([]byte(t.Hash), []byte(hash)) == 1 && time.Now().Before(t.Expires)
	}), nil
}

// fits says what keeps a box from becoming a node.
func (j *joins) fits(id string, in client.JoinAsk) error {
	const op = "join cluster"
	if dsn, err := odb.ParseDSN(j.n.store.where()); err == nil && dsn.Kind == "sqlite" && in.Box != thisBox() {
		return odb.Errorf(odb.Conflict, op, in.Name, "the cluster keeps its ODB in a file on the box of %s, which other boxes cannot reach; move it to a database server first: signalbox odb copy --to DSN", j.n.cfg.Name)
	}
	if v, taken := j.n.roster.View(odb.CleanName(in.Name)); taken && v.ID != id {
		return odb.Errorf(odb.Conflict, op, in.Name, "another node (%s) has the name %q; choose another with --node, or remove that one", v.ID, v.Name)
	}
	return nil
}

// spent reports whether a box that waits has used a token already, so that one
// that was started again does not need another use.
func (j *joins) spent(id, token string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	w, waits := j.waiting[id]
	return waits && w.token == token
}

// again answers a box that asked before: one that is a member gets its bundle
// again when it still holds a good token, one that waits hears how far that is.
func (j *joins) again(ctx context.Context, id string, in client.JoinAsk, holds bool) (bool, client.JoinAnswer, error) {
	all, err := j.n.store.ListMembers(ctx)
	if err != nil {
		return false, client.JoinAnswer{}, err
	}
	if holds && slices.ContainsFunc(all, func(m odb.Member) bool { return m.ID == id && m.Removed.IsZero() }) {
		out, err := j.bundle()
		return true, out, err
	}
	j.mu.Lock()
	w, waits := j.waiting[id]
	j.mu.Unlock()
	if !waits || subtle.ConstantTimeCompare(w.nonce, in.Nonce) != 1 {
		return false, client.JoinAnswer{}, nil
	}
	r, err := j.n.store.JoinRequestOf(ctx, id)
	if err != nil {
		if odb.KindOf(err) == odb.NotFound {
			j.forget(id)
		}
		return true, client.JoinAnswer{}, err
	}
	switch r.State {
	case odb.JoinApproved:
		out, err := j.letIn(ctx, id, r.Name, r.By)
		return true, out, err
	case odb.JoinRefused:
		j.forget(id)
		return true, client.JoinAnswer{}, odb.Errorf(odb.Denied, "join cluster", r.Name, "%s refused it", r.By)
	case odb.JoinWaiting:
	}
	return true, client.JoinAnswer{State: odb.JoinWaiting, Code: r.Code}, nil
}

func (j *joins) forget(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.waiting, id)
}

// ask has a box without a token wait for approval. Both sides make the code of
// what the box was bound to before it heard the salt, so nobody in between can
// choose keys until two codes are equal.
func (j *joins) ask(ctx context.Context, id string, in client.JoinAsk, addr string) (client.JoinAnswer, error) {
	key := hex.EncodeToString(joinCommit(in.Request, in.Nonce))
	j.mu.Lock()
	c, ok := j.commits[key]
	delete(j.commits, key)
	j.mu.Unlock()
	if !ok {
		return client.JoinAnswer{}, odb.Errorf(odb.Denied, "join cluster", in.Name, "this node does not know of the box (any more): without a join token it has to begin anew")
	}
	code := joinCode(in.Request, j.n.authority.Fingerprint(), in.Nonce, c.salt)
	return j.wait(ctx, odb.JoinRequest{ID: id, Name: in.Name, Code: code, Addr: addr}, in)
}

// wait has a box wait for an administrator.
func (j *joins) wait(ctx context.Context, r odb.JoinRequest, in client.JoinAsk) (client.JoinAnswer, error) {
	if err := j.n.store.AskToJoin(ctx, r, joinWait); err != nil {
		return client.JoinAnswer{}, err
	}
	j.mu.Lock()
	if len(j.waiting) > mostCommits {
		clear(j.waiting) // who waits has to begin anew
	}
	j.waiting[r.ID] = waiter{nonce: in.Nonce, token: in.Token}
	j.mu.Unlock()
	j.n.log.InfoContext(ctx, "box asks to join; compare its code and approve it", "name", r.Name, "addr", r.Addr, "code", r.Code)
	return client.JoinAnswer{State: odb.JoinWaiting, Code: r.Code}, nil
}

// letIn makes the box a member and hands it what a node has.
func (j *joins) letIn(ctx context.Context, id, name, by string) (client.JoinAnswer, error) {
	if err := j.n.store.EnrolMember(ctx, odb.Member{ID: id, Name: name, By: by}); err != nil {
		return client.JoinAnswer{}, err
	}
	if err := j.n.roster.Refresh(ctx); err != nil {
		return client.JoinAnswer{}, err
	}
	return j.bundle()
}

func (j *joins) bundle() (client.JoinAnswer, error) {
	ring := j.n.gossipKeys.Ring()
	b := client.JoinBundle{
		Cluster: j.n.cfg.Cluster, GossipKeys: ring.Keys, GossipGeneration: ring.Generation, ODB: j.n.store.where(), Network: j.n.cfg.Network,
		Gossip: []string{j.n.roster.Address()},
	}
	for _, v := range j.n.roster.Views() {
		if !v.Local && v.Gossip != "" {
			b.Gossip = append(b.Gossip, v.Gossip)
		}
	}
	for file, to := range map[string]*[]byte{
		cluster.CACertFile: &b.CACert, cluster.CAKeyFile: &b.CAKey, filepath.Base(keyringFile): &b.Secrets,
	} {
		var err error
		if *to, err = os.ReadFile(filepath.Join(j.n.cfg.Dir, keysDir, file)); err != nil {
			return client.JoinAnswer{}, fmt.Errorf("hand the cluster's keys on: %w", err)
		}
	}
	return client.JoinAnswer{State: odb.JoinApproved, Bundle: &b}, nil
}

// joinCommit is what binds a box to its request and nonce.
func joinCommit(request, nonce []byte) []byte {
	m := hmac.New(sha256.New, nonce)
	m.Write(request)
	return m.Sum(nil)
}

// joinCode is what both sides show: 40 bits, in two groups.
func joinCode(request []byte, ca string, nonce, salt []byte) string {
	m := hmac.New(sha256.New, append(append([]byte("signalbox join code "), nonce...), salt...))
	m.Write([]byte(ca))
	m.Write(request)
	const digits = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	var b strings.Builder
	for i, x := range m.Sum(nil)[:8] {
		if i == 4 {
			b.WriteByte('-')
		}
		b.WriteByte(digits[x%32])
	}
	return b.String()
}

// thisBox tells this boot of this machine from others, and nothing else of it.
func thisBox() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		name, _ := os.Hostname() //nolint:errcheck // an empty name tells less
		text = []byte(name)
	}
	sum := sha256.Sum256(append([]byte("signalbox box "), text...))
	return hex.EncodeToString(sum[:])
}
