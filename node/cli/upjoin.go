package cli

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"path/filepath"

	"signalbox.internal/node"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/config"
)

// sharedODB and sharedData are where the nodes of a new box have their database
// and the SQLite files of services, seen from the folder of each.
const (
	sharedODB  = "../odb.sqlite"
	sharedData = "../data"
	oneBox     = "127.0.0.1" // nodes with one SQLite file are on one box: no network between them
)

// firstNode is what flags, environment and file say of the first node; the others
// follow it.
type firstNode struct {
	dir  string
	cfg  config.Config
	base map[string]string // addresses as they were asked for: port 0 is any free one
	// added are variables for a node that began alone and has company now.
	added map[string]string
	ports *addresses
}

// addressKeys are the settings that are addresses of a node's ports.
func addressKeys() []string { return []string{"traffic", "control", "gossip"} }

// newFirstNode reads the settings of the first node and settles its ports: one
// that may be any is chosen here, so that the node has it when it is started again.
func (a *app) newFirstNode(b boxFolder, given map[string]string) (firstNode, error) {
	f := firstNode{dir: b.folder(1), added: map[string]string{}, ports: newAddresses(b)}
	if len(b.folders) > 0 {
		f.dir = b.folders[0]
	}
	cfg, origins, err := a.loadFrom(f.dir, given)
	if err != nil {
		return f, err
	}
	f.cfg = cfg
	f.base = map[string]string{"traffic": cfg.Traffic, "control": cfg.Control, "gossip": cfg.Gossip}
	for _, o := range origins {
		if o.From != "default" {
			continue
		}
		if v, ok := f.oneBox()[o.Key]; ok {
			f.added[o.Env] = v
		}
	}
	if cfg.GossipFree {
		_, port, err := net.SplitHostPort(cfg.Gossip)
		if err != nil {
			return f, fmt.Errorf("read the gossip address: %w", err)
		}
		f.base["gossip"] = net.JoinHostPort(oneBox, port)
	}
	return f, f.settle()
}

// settle chooses ports for the first node. A gossip port that nobody set is
// nobody's business: it is the next free one.
func (f *firstNode) settle() error {
	for key, field := range map[string]*string{"traffic": &f.cfg.Traffic, "control": &f.cfg.Control, "gossip": &f.cfg.Gossip} {
		*field = f.base[key]
		_, port, err := net.SplitHostPort(*field)
		if err != nil {
			return err
		}
		if port != "0" && (key != "gossip" || !f.cfg.GossipFree) {
			f.ports.take(*field)
			continue
		}
		if *field, err = f.ports.next(f.base[key], 1, anyPort()); err != nil {
			return err
		}
	}
	return nil
}

// anyPort is where a search for any port begins; another each time, so that boxes
// that start at once do not take each other's.
func anyPort() int { return rand.IntN(spread) } //nolint:gosec // no secret

// oneBox are the settings of nodes that have only each other.
func (firstNode) oneBox() map[string]string {
	return map[string]string{"advertise": oneBox, "network": "bench", "announce": "false"}
}

// flags are the addresses of the first node, as flags of its process.
func (f *firstNode) flags() map[string]string {
	return map[string]string{"traffic": f.cfg.Traffic, "control": f.cfg.Control, "gossip": f.cfg.Gossip}
}

// settings are those of the first node of a new box.
func (f *firstNode) settings() map[string]string {
	values := f.flags()
	maps.Copy(values, f.oneBox())
	values["name"], values["data_folder"] = filepath.Base(f.dir), sharedData
	if f.cfg.ODB == "sqlite:"+filepath.Join(f.dir, "odb.sqlite") {
		values["odb"] = "sqlite:" + sharedODB
		f.cfg.ODB = "sqlite:" + filepath.Join(f.dir, sharedODB)
	}
	return values
}

// joined are those of the n-th node.
func (f *firstNode) joined(b boxFolder, n int) (map[string]string, error) {
	values := f.oneBox()
	for _, key := range addressKeys() {
		var err error
		if values[key], err = f.ports.next(f.base[key], n, anyPort()); err != nil {
			return nil, err
		}
	}
	values["name"], values["data_folder"] = filepath.Base(b.folder(n)), sharedData
	return values, nil
}

// join makes count more nodes and starts them. host is the folder of one that is ready.
func (u *boxRun) join(ctx context.Context, host string, count int) error {
	api, err := u.a.clientOf(func() (target, error) { return u.a.nodeTarget(host) })
	if err != nil {
		return err
	}
	defer api.Close()
	token, err := api.CreateJoinToken(ctx, client.CreateJoinToken{Uses: count, TTLSeconds: 600, Note: "up --nodes"})
	if err != nil {
		return fmt.Errorf("make a join token: %w", err)
	}
	for range count {
		n := u.box.free()
		values, err := u.first.joined(u.box, n)
		if err != nil {
			return err
		}
		dir := u.box.folder(n)
		if sharesODB(u.box, u.first.cfg.ODB) {
			values["odb"] = "sqlite:" + sharedODB // the whole box may be moved
		}
		if _, err := node.Join(ctx, node.JoinConfig{Dir: dir, Values: values, Token: token.Token, Log: u.log}); err != nil {
			return fmt.Errorf("make the node %s: %w", values["name"], err)
		}
		u.box.folders = append(u.box.folders, dir)
		if err := u.launch(ctx, dir); err != nil {
			return err
		}
	}
	return nil
}

// sharesODB reports whether an ODB is the file in the box's own folder.
func sharesODB(b boxFolder, dsn string) bool {
	return dsn == "sqlite:"+filepath.Join(b.dir, "odb.sqlite")
}
