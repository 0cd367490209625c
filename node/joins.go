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
	waiting map[string][]byte     // nonce of who waits, by its id
}

// commitment is what a box without a token bound itself to.
type commitment struct {
	salt []byte
	at   time.Time
}

func newJoins(n *Node) *joins {
	return &joins{n: n, commits: map[string]commitment{}, waiting: map[string][]byte{}}
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

// Join implements admin.Joins.
func (j *joins) Join(ctx context.Context, in client.JoinAsk, addr string) (client.JoinAnswer, error) {
	id, err := j.checkAsk(in)
	if err != nil {
		return client.JoinAnswer{}, err
	}
	if done, out, err := j.again(ctx, id, in); done || err != nil {
		return out, err
	}
	if in.Token == "" {
		return j.ask(ctx, id, in, addr)
	}
	pass, err := j.n.store.UsePass(ctx, in.Token, cluster.HashJoinSecret(in.Secret))
	if err != nil {
		return client.JoinAnswer{}, err
	}
	if pass.Approve {
		return j.wait(ctx, odb.JoinRequest{ID: id, Name: in.Name, Code: joinCode(in.Request, j.n.authority.Fingerprint(), in.Nonce, nil), Addr: addr}, in.Nonce)
	}
	return j.letIn(ctx, id, in.Name, "join token of "+pass.By)
}

// checkAsk checks what shows without the ODB and returns the node's id.
func (j *joins) checkAsk(in client.JoinAsk) (string, error) {
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
	if dsn, err := odb.ParseDSN(j.n.store.where()); err == nil && dsn.Kind == "sqlite" && in.Box != thisBox() {
		return "", odb.Errorf(odb.Conflict, op, in.Name, "the cluster keeps its ODB in a file on the box of %s, which other boxes cannot reach; move it to a database server first: signalbox odb copy --to DSN", j.n.cfg.Name)
	}
	return cluster.IDOf(csr.PublicKey)
}

// again answers a box that asked before: one that is a member gets its bundle
// again when it still has a good token, one that waits hears how far that is.
func (j *joins) again(ctx context.Context, id string, in client.JoinAsk) (bool, client.JoinAnswer, error) {
	all, err := j.n.store.ListMembers(ctx)
	if err != nil {
		return false, client.JoinAnswer{}, err
	}
	for _, m := range all {
		if m.ID != id || !m.Removed.IsZero() || in.Token == "" {
			continue
		}
		passes, err := j.n.store.ListPasses(ctx)
		if err != nil {
			return false, client.JoinAnswer{}, err
		}
		for _, p := range passes {
			if p.ID == in.Token && p.Hash == cluster.HashJoinSecret(in.Secret) && time.Now().Before(p.Expires) {
				out, err := j.bundle()
				return true, out, err
			}
		}
	}
	j.mu.Lock()
	nonce, waits := j.waiting[id]
	j.mu.Unlock()
	if !waits || subtle.ConstantTimeCompare(nonce, in.Nonce) != 1 {
		return false, client.JoinAnswer{}, nil
	}
	r, err := j.n.store.JoinRequestOf(ctx, id)
	if err != nil {
		return true, client.JoinAnswer{}, err
	}
	switch r.State {
	case odb.JoinApproved:
		out, err := j.letIn(ctx, id, r.Name, r.By)
		return true, out, err
	case odb.JoinRefused:
		return true, client.JoinAnswer{}, odb.Errorf(odb.Denied, "join cluster", r.Name, "%s refused it", r.By)
	case odb.JoinWaiting:
	}
	return true, client.JoinAnswer{State: odb.JoinWaiting, Code: r.Code}, nil
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
		return client.JoinAnswer{}, odb.Errorf(odb.Denied, "join cluster", in.Name, "a join token is missing, or the commitment that goes before a request without one")
	}
	code := joinCode(in.Request, j.n.authority.Fingerprint(), in.Nonce, c.salt)
	return j.wait(ctx, odb.JoinRequest{ID: id, Name: in.Name, Code: code, Addr: addr}, in.Nonce)
}

func (j *joins) wait(ctx context.Context, r odb.JoinRequest, nonce []byte) (client.JoinAnswer, error) {
	if err := j.n.store.AskToJoin(ctx, r, joinWait); err != nil {
		return client.JoinAnswer{}, err
	}
	j.mu.Lock()
	if len(j.waiting) > mostCommits {
		clear(j.waiting) // who waits has to begin anew
	}
	j.waiting[r.ID] = nonce
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
	b := client.JoinBundle{
		Cluster: j.n.cfg.Cluster, GossipKeys: j.n.gossipKeys.Keys(), ODB: j.n.store.where(), Network: j.n.cfg.Network,
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
