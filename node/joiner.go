package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/config"
	"signalbox.internal/odb"
	"signalbox.internal/odb/sqldb"
)

// askAgain is how often a box that waits for approval asks how far that is.
const askAgain = time.Second

// JoinConfig says how to make this box a node of a cluster.
type JoinConfig struct {
	Dir    string            // the node's folder; made when it is missing, must be empty of a node
	Values map[string]string // settings to write to node.toml, by key
	Env    func(string) (string, bool)
	Token  string // join token; empty: Addresses, and an administrator approves
	// Addresses are host:port of members' control ports, tried in turn; used without
	// a token.
	Addresses []string
	// CA is the SHA-256 of the authority that the cluster must have, used without a
	// token; empty takes any, and the code tells people whether it is the right one.
	CA string
	// Waiting is told, once, of the code to be compared while the box waits for
	// approval, and of the SHA-256 of the authority that the cluster has shown.
	Waiting func(code, ca string)
	Log     *slog.Logger // nil means slog.Default()

	box string // that the box says it is; empty: this one
}

// Joined is what a box joined.
type Joined struct {
	Node    string `json:"node"`
	Cluster string `json:"cluster"`
	Dir     string `json:"dir"`
	CA      string `json:"ca"`  // SHA-256 of the cluster's authority
	ODB     string `json:"odb"` // kind and place, without credentials
}

// joiner is a box on its way into a cluster.
type joiner struct {
	cfg      JoinConfig
	settings config.Config
	identity *cluster.Identity
	token    cluster.JoinToken
	nonce    []byte
	request  []byte
	ca       *x509.Certificate // of the server that answers
}

// Join makes this box a node of a cluster: it proves the cluster by the hash in
// the token before it sends anything, gets keys and the ODB's address, and leaves
// a folder that can be run. One that fails leaves no node behind, and the same
// folder may try again: its key stays.
func Join(ctx context.Context, cfg JoinConfig) (Joined, error) {
	j, release, err := newJoiner(cfg)
	if err != nil {
		return Joined{}, err
	}
	defer release()
	bundle, err := j.ask(ctx)
	if err != nil {
		return Joined{}, fmt.Errorf("join cluster: %w", err)
	}
	return j.settle(ctx, bundle)
}

// newJoiner prepares the folder.
func newJoiner(cfg JoinConfig) (*joiner, func(), error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("make node in %s: %w", cfg.Dir, err)
	}
	cfg.Dir = dir
	if config.Exists(dir) {
		return nil, nil, fmt.Errorf("join cluster: there is a node in %s already; choose another folder with --dir", dir)
	}
	j := &joiner{cfg: cfg, nonce: make([]byte, nonceBytes)}
	_, _ = rand.Read(j.nonce) // documented never to fail
	if cfg.Token != "" {
		if j.token, err = cluster.ParseJoinToken(cfg.Token); err != nil {
			return nil, nil, err
		}
	}
	if err := makeFolders(dir); err != nil {
		return nil, nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	release := func() { _ = lock.release() }
	if j.settings, _, err = config.Load(dir, cfg.Env, cfg.Values); err == nil {
		j.identity, err = cluster.OpenIdentity(filepath.Join(dir, keysDir))
	}
	if err == nil {
		j.request, err = j.identity.Request(j.settings.Name, nil)
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return j, release, nil
}

func makeFolders(dir string) error {
	for _, d := range []string{dir, filepath.Join(dir, keysDir), filepath.Join(dir, dataDir), filepath.Join(dir, deployDir), filepath.Join(dir, "run")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("make node in %s: %w", dir, err)
		}
	}
	return nil
}

// ask asks each address of the token, the first that answers decides.
func (j *joiner) ask(ctx context.Context) (*client.JoinBundle, error) {
	addresses := j.token.Addresses
	if j.cfg.Token == "" {
		addresses = j.cfg.Addresses
	}
	if len(addresses) == 0 {
		return nil, errors.New("neither a join token nor an address of a member is given")
	}
	var errs []error
	for _, a := range addresses {
		bundle, err := j.askAt(ctx, a)
		if err == nil {
			return bundle, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", a, err))
		var unreachable *client.Unreachable
		if !errors.As(err, &unreachable) || ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// askAt asks one member and waits for approval where that is needed.
func (j *joiner) askAt(ctx context.Context, address string) (*client.JoinBundle, error) {
	c, err := j.client(address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	salt, err := j.bind(ctx, c)
	if err != nil {
		return nil, err
	}
	in := client.JoinAsk{
		Token: j.token.ID, Secret: j.token.Secret, Name: j.settings.Name, Request: j.request, Nonce: j.nonce,
		Box: cmp.Or(j.cfg.box, thisBox()),
	}
	told := false
	for {
		pause := askAgain
		out, err := c.Join(ctx, in)
		switch {
		case err != nil && told && passing(err, &pause): // it answered before: it will again
		case err != nil:
			return nil, err
		case out.Bundle != nil:
			return out.Bundle, j.checkBundle(out.Bundle)
		case !told && j.cfg.Waiting != nil:
			ca := cluster.Fingerprint(j.ca)
			j.cfg.Waiting(joinCode(j.request, ca, j.nonce, salt), ca)
			fallthrough
		default:
			told = true
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil, ctx.Err()
		case <-t.C:
		}
	}
}

// bind binds a box without a token to its key before it hears the cluster's part
// of the code.
func (j *joiner) bind(ctx context.Context, c *client.Client) (salt []byte, err error) {
	if j.cfg.Token != "" {
		return nil, nil
	}
	s, err := c.CommitToJoin(ctx, client.JoinCommit{Commit: joinCommit(j.request, j.nonce)})
	return s.Salt, err
}

// passing reports whether a fault may be gone when a box asks again, after pause.
func passing(err error, pause *time.Duration) bool {
	if p, ok := errors.AsType[*client.Problem](err); ok {
		*pause = max(*pause, p.RetryAfter)
		return p.Status == http.StatusTooManyRequests || p.Status >= http.StatusBadGateway
	}
	return errors.Is(err, client.ErrUnreachable)
}

// client returns one that believes only the cluster of the token, or of the hash
// that is given, or else whoever answers: then the code tells people whether that
// is the right one.
func (j *joiner) client(address string) (*client.Client, error) {
	got := func(c *x509.Certificate) { j.ca = c }
	conf := cluster.ShownTLS(got)
	if ca := cmp.Or(j.token.CA, j.cfg.CA); ca != "" {
		var err error
		if conf, err = cluster.PinnedTLS(ca, got); err != nil {
			return nil, err
		}
	}
	return client.New(client.Config{
		URLs: []string{"https://" + address}, UserAgent: "signalbox-join",
		HTTP: &http.Client{
			Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
}

// checkBundle makes sure that the keys are those of the cluster that was proved.
func (j *joiner) checkBundle(b *client.JoinBundle) error {
	cert, err := cluster.ReadCertificate(b.CACert)
	if err != nil || cluster.Fingerprint(cert) != cluster.Fingerprint(j.ca) {
		return errors.New("the keys that came are not those of the cluster that answered")
	}
	return nil
}

// settle writes the node's folder, node.toml last: it is what says that there is a node.
func (j *joiner) settle(ctx context.Context, b *client.JoinBundle) (Joined, error) {
	keys := filepath.Join(j.cfg.Dir, keysDir)
	for file, content := range map[string][]byte{
		cluster.CACertFile: b.CACert, cluster.CAKeyFile: b.CAKey, filepath.Base(keyringFile): b.Secrets,
	} {
		if err := cluster.WritePrivate(filepath.Join(keys, file), content); err != nil {
			return Joined{}, fmt.Errorf("keep the cluster's keys: %w", err)
		}
	}
	if err := cluster.WriteGossipKeys(filepath.Join(keys, cluster.GossipKeysFile), cluster.GossipRing{Generation: b.GossipGeneration, Keys: b.GossipKeys}); err != nil {
		return Joined{}, fmt.Errorf("keep the cluster's keys: %w", err)
	}
	seeds, err := json.Marshal(b.Gossip)
	if err == nil {
		err = cluster.WritePrivate(filepath.Join(j.cfg.Dir, seedsFile), seeds)
	}
	if err != nil {
		return Joined{}, fmt.Errorf("keep the members' addresses: %w", err)
	}
	if err := j.tryODB(ctx, b.ODB); err != nil {
		return Joined{}, err
	}
	values := map[string]string{"cluster": b.Cluster, "odb": b.ODB, "network": b.Network}
	maps.Copy(values, j.cfg.Values)
	values["name"] = j.settings.Name
	if err := config.WriteTemplate(j.cfg.Dir, values); err != nil {
		return Joined{}, err
	}
	dsn, err := odb.ParseDSN(b.ODB)
	return Joined{
		Node: j.settings.Name, Cluster: b.Cluster, Dir: j.cfg.Dir, CA: cluster.Fingerprint(j.ca), ODB: dsn.Kind + " " + dsn.Where(),
	}, err
}

// tryODB makes sure that this box reaches the ODB and is a member there.
func (j *joiner) tryODB(ctx context.Context, text string) error {
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		return fmt.Errorf("read the ODB's address: it %w", err)
	}
	if dsn.Kind == "sqlite" {
		if _, err := os.Stat(dsn.File); err != nil {
			return fmt.Errorf("the ODB is the file %s on another box: %w; move it to a database server first: signalbox odb copy --to DSN", dsn.File, err)
		}
	}
	db, err := sqldb.Open(ctx, sqldb.Config{DSN: text, Log: j.cfg.Log})
	if err != nil {
		return fmt.Errorf("reach the cluster's ODB from this box: %w; open the way to %s and join again with the same folder and token", err, dsn.Where())
	}
	defer func() { _ = db.Close() }() //nolint:contextcheck // closing has no context
	all, err := db.ListMembers(ctx)
	if err != nil {
		return fmt.Errorf("read the list of nodes: %w", err)
	}
	for _, m := range all {
		if m.ID == j.identity.ID() && m.Removed.IsZero() {
			return nil
		}
	}
	return fmt.Errorf("the database at %s is not the cluster's: this node is no member there", dsn.Where())
}

// seedsFile holds addresses of members from the time of joining.
const seedsFile = "data/seeds.json"

// seeds returns the addresses that the node got when it joined, and those of
// members that announced themselves since.
func (n *Node) seeds() []string {
	out := n.found.list()
	text, err := os.ReadFile(filepath.Join(n.cfg.Dir, seedsFile))
	if err != nil {
		return out
	}
	var joined []string
	if json.Unmarshal(text, &joined) != nil {
		return out
	}
	return slices.DeleteFunc(append(out, joined...), func(address string) bool {
		_, _, err := net.SplitHostPort(address)
		return err != nil
	})
}
