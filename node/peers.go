package node

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"signalbox.internal/cluster"
	"signalbox.internal/node/member"
	"signalbox.internal/node/peer"
	"signalbox.internal/odb"
)

// askPeers is how long the others have to answer what an administrator asks.
const askPeers = 2 * time.Second

// hello is what a node answers to the question how it is.
type hello struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	PID         int            `json:"pid"`
	Version     string         `json:"version"`
	Revision    int64          `json:"revision"`
	Ready       bool           `json:"ready"`
	InFlight    int64          `json:"in_flight"`
	Problems    []odb.Problem  `json:"problems"`
	Links       []cluster.Link `json:"links"`
	Hears       []string       `json:"hears"`       // ids of the nodes that its gossip hears now
	GossipKeys  []string       `json:"gossip_keys"` // ids, that of the one in use first
	ODB         string         `json:"odb"`         // "up", or why it is not
	Started     time.Time      `json:"started"`     // its process
	Supervised  bool           `json:"supervised"`
	Certificate time.Time      `json:"certificate"` // its end
}

// peerRoutes is what this node answers other nodes.
func (n *Node) peerRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { answer(w, n.hello()) })
	mux.HandleFunc("GET /detail", func(w http.ResponseWriter, r *http.Request) { answer(w, n.detail(r.Context())) })
	mux.HandleFunc("GET /certificates", func(w http.ResponseWriter, _ *http.Request) { answer(w, n.ownCertificates()) })
	mux.HandleFunc("GET /gossip-ring", func(w http.ResponseWriter, _ *http.Request) { answer(w, n.gossipKeys.Ring()) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { answer(w, n.figures.ownRequests()) })
	mux.HandleFunc("GET /figures", func(w http.ResponseWriter, _ *http.Request) { answer(w, n.recorder.Series()) })
	mux.HandleFunc("GET /packages/{hash}", n.handPackage)
	mux.HandleFunc("POST /prepare", take(n.prepare))
	mux.HandleFunc("GET /secret-ring", func(w http.ResponseWriter, _ *http.Request) { answer(w, n.keyring.Text()) })
	mux.HandleFunc("POST /secret-keys", take(n.takeRingWord))
	mux.HandleFunc("POST /gossip-keys", take(n.changeGossipKeys))
	mux.HandleFunc("POST /restart", take(n.restartTold))
	mux.HandleFunc("POST /refresh", take(func(ctx context.Context, _ struct{}) (struct{}, error) {
		err := n.roster.Refresh(ctx)
		n.rotate()
		return struct{}{}, err
	}))
	return mux
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the caller went away
}

// maxQuestion is the longest question of a peer, in bytes.
const maxQuestion = 1 << 20

// take makes a handler of a function from a question to an answer. An error is
// told in plain text: the caller is a node of the same cluster.
func take[In, Out any](f func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion)).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out, err := f(r.Context(), in)
		if err != nil {
			status := http.StatusConflict
			if odb.KindOf(err) == odb.Unavailable {
				status = http.StatusServiceUnavailable
			}
			http.Error(w, err.Error(), status)
			return
		}
		answer(w, out)
	}
}

// hello tells how this node is.
func (n *Node) hello() hello {
	h := hello{
		ID: n.identity.ID(), Name: n.cfg.Name, PID: os.Getpid(), Version: n.opts.Version, Revision: n.rec.Snapshot().Revision(),
		Ready: n.isReady(), InFlight: n.balancer.InFlight(), Problems: n.rec.Problems(), Links: n.roster.Links(),
		GossipKeys: n.gossipKeys.IDs(), ODB: "up", Started: n.started.UTC(), Supervised: n.opts.Supervised,
	}
	if c := n.certs.Get(); c != nil && c.Leaf != nil {
		h.Certificate = c.Leaf.NotAfter.UTC()
	}
	for _, v := range n.roster.Views() {
		if v.Gossips && !v.Local {
			h.Hears = append(h.Hears, v.ID)
		}
	}
	if _, err := n.rec.odbHealth(); err != nil {
		h.ODB = err.Error()
	}
	return h
}

func targetOf(v member.View) peer.Target { return peer.Target{ID: v.ID, Control: v.Control} }

// probe asks a node itself whether it is there.
func (n *Node) probe(ctx context.Context, v member.View) error {
	if v.Control == "" {
		return errors.New("its address is not known")
	}
	return n.peers.Call(ctx, targetOf(v), "/hello", nil, nil)
}

// said is what became of a question to one node.
type said[T any] struct {
	View   member.View
	Answer T
	Err    error
}

// askAll asks all nodes that may be there the same question at once, this one
// included, and returns when all have answered or ctx ends.
func askAll[T any](ctx context.Context, n *Node, local func(context.Context) (T, error), ask func(context.Context, peer.Target) (T, error)) []said[T] {
	views := n.roster.Views()
	out := make([]said[T], len(views))
	var wg sync.WaitGroup
	for i, v := range views {
		out[i].View = v
		wg.Go(func() {
			switch {
			case v.Local:
				out[i].Answer, out[i].Err = local(ctx)
			case v.State == cluster.Down:
				out[i].Err = errors.New("the node is down")
			default:
				out[i].Answer, out[i].Err = ask(ctx, targetOf(v))
			}
		})
	}
	wg.Wait()
	return out
}

// hellos asks every node how it is.
func (n *Node) hellos(ctx context.Context) []said[hello] {
	ctx, cancel := context.WithTimeout(ctx, askPeers)
	defer cancel()
	return askAll(ctx, n, func(context.Context) (hello, error) { return n.hello(), nil },
		func(ctx context.Context, t peer.Target) (h hello, err error) {
			err = n.peers.Call(ctx, t, "/hello", nil, &h)
			return h, err
		})
}

// keyChange is one step of a change of gossip keys.
type keyChange struct {
	Op         string `json:"op"`                   // "install", "use", "keep" or "remove"
	Key        []byte `json:"key,omitempty"`        // of install
	ID         string `json:"id,omitempty"`         // of use, keep and remove
	Generation int64  `json:"generation,omitempty"` // of use
}

// changeGossipKeys takes one step of a change of gossip keys on this node.
func (n *Node) changeGossipKeys(_ context.Context, c keyChange) ([]string, error) {
	var err error
	switch c.Op {
	case "install":
		err = n.gossipKeys.Install(c.Key)
	case "use":
		err = n.gossipKeys.Use(c.ID, c.Generation)
	case "keep":
		err = n.gossipKeys.Keep(c.ID)
	case "remove":
		err = n.gossipKeys.Remove(c.ID)
	default:
		err = odb.Errorf(odb.Invalid, "change gossip keys", "", "there is no step %q", c.Op)
	}
	return n.gossipKeys.IDs(), err
}

// askWith returns a question to a node for askAll.
func askWith[T any](n *Node, path string, in any) func(context.Context, peer.Target) (T, error) {
	return func(ctx context.Context, t peer.Target) (out T, err error) {
		err = n.peers.Call(ctx, t, path, in, &out)
		return out, err
	}
}
