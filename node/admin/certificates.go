package admin

import (
	"net/http"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func (a *API) certificateRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/certificates", role: odb.Viewer, id: "listCertificates", answer: client.Certificates{}, handle: a.listCertificates,
		summary: "The certificate authority and the certificates that each node shows: names, serial numbers, ends; never a key.",
	}}
}

func (a *API) listCertificates(c *call) (any, error) {
	out := a.cfg.Cluster.Certificates(c.Context())
	if out.Nodes == nil {
		out.Nodes = []client.NodeCertificate{}
	}
	return out, nil
}
