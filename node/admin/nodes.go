package admin

import (
	"net/http"
	"time"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func (a *API) nodeRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	one := "/nodes/{name}"
	return []route{
		{method: get, path: "/topology", role: odb.Viewer, id: "topology", summary: "The nodes, the ways between them with round trip, loss and clock difference, who sees whom, and whether the cluster is split.", answer: client.Topology{}, handle: a.topology},
		{method: get, path: one, role: odb.Viewer, id: "getNode", summary: "One node: how it is, its connections and live figures, and what it could not put into force and why, as it tells itself.", answer: client.NodeDetail{}, handle: a.getNode},
		{method: http.MethodPut, path: one + "/rotation", role: odb.Operator, id: "setRotation", summary: "Put a node online, drain it, or take it out for maintenance. Answers how it is; in_flight says what still runs.", body: client.SetRotation{}, answer: client.Node{}, handle: a.setRotation},
		{method: http.MethodDelete, path: one, role: odb.Admin, id: "removeNode", summary: "Shut a node out of the cluster for ever: no other node speaks to it any more.", handle: a.removeNode},
		{method: post, path: one + "/restart", role: odb.Operator, id: "restartNode", summary: "Have a node end gracefully and be started again by what supervises it. Answers how it was before; started of the new process is another.", answer: client.Node{}, handle: a.restartNode},
		{method: get, path: "/gossip-keys", role: odb.Viewer, id: "listGossipKeys", summary: "Ids of the keys that each node encrypts and decrypts gossip with, that of the one in use first.", answer: client.List[client.KeyedNode]{}, handle: a.listGossipKeys},
		{method: post, path: "/gossip-keys/rotate", role: odb.Admin, id: "rotateGossipKeys", summary: "Change the key that encrypts gossip: install on all nodes, confirm, use, confirm, remove the old one.", timeout: 2 * time.Minute, answer: client.KeyRotation{}, handle: a.rotateGossipKeys},
	}
}

func (a *API) topology(c *call) (any, error) { return a.cfg.Cluster.Topology(c.Context()), nil }

func (a *API) getNode(c *call) (any, error) {
	return orError(a.cfg.Cluster.Node(c.Context(), c.param("name")))
}

func (a *API) setRotation(c *call) (any, error) {
	in, err := decode[client.SetRotation](c)
	if err != nil {
		return nil, err
	}
	var faults odb.Faults
	if !in.Rotation.Valid() {
		faults.Add("/rotation", "is %.40q; one of online, draining, maintenance is needed", in.Rotation)
	}
	if err := faults.Err("set rotation", c.param("name")); err != nil {
		return nil, err
	}
	n, err := a.cfg.Cluster.Rotate(c.Context(), c.param("name"), in.Rotation)
	if err != nil {
		return nil, err
	}
	c.about("node", n.Name)
	a.audit(c, "rotation set", "rotation", string(in.Rotation))
	return n, nil
}

func (a *API) removeNode(c *call) (any, error) {
	if err := a.cfg.Cluster.Remove(c.Context(), c.param("name")); err != nil {
		return nil, err
	}
	c.about("node", c.param("name"))
	a.audit(c, "node removed")
	return nil, nil
}

func (a *API) restartNode(c *call) (any, error) {
	n, err := a.cfg.Cluster.Restart(c.Context(), c.param("name"))
	if err != nil {
		return nil, err
	}
	c.about("node", n.Name)
	a.audit(c, "node restarts")
	return n, nil
}

func (a *API) listGossipKeys(c *call) (any, error) {
	return client.List[client.KeyedNode]{Items: append([]client.KeyedNode{}, a.cfg.Cluster.GossipKeys(c.Context())...)}, nil
}

func (a *API) rotateGossipKeys(c *call) (any, error) {
	out, err := a.cfg.Cluster.RotateGossipKeys(c.Context())
	if err != nil {
		return nil, err
	}
	a.audit(c, "gossip keys rotated", "key", out.Key, "complete", out.Complete)
	return out, nil
}
