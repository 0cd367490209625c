package node

import (
	"context"
	"crypto/x509"

	"signalbox.internal/cluster"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/peer"
)

// Certificates implements admin.Cluster: each node is asked for its own.
func (v clusterView) Certificates(ctx context.Context) client.Certificates {
	ctx, cancel := context.WithTimeout(ctx, askPeers)
	defer cancel()
	out := client.Certificates{Authority: shownCertificate(v.n.authority.Certificate())}
	answers := askAll(ctx, v.n, func(context.Context) (client.NodeCertificate, error) { return v.n.ownCertificates(), nil },
		func(ctx context.Context, t peer.Target) (c client.NodeCertificate, err error) {
			err = v.n.peers.Call(ctx, t, "/certificates", nil, &c)
			return c, err
		})
	for _, s := range answers {
		c := s.Answer
		c.Node = s.View.Name
		if s.Err != nil {
			c = client.NodeCertificate{Node: s.View.Name, Error: s.Err.Error()}
		}
		out.Nodes = append(out.Nodes, c)
	}
	return out
}

// ownCertificates tells what this node shows at its ports.
func (n *Node) ownCertificates() client.NodeCertificate {
	out := client.NodeCertificate{Node: n.cfg.Name}
	if cert := n.certs.Get(); cert != nil && cert.Leaf != nil {
		shown := shownCertificate(cert.Leaf)
		renews := shown.Until.Add(-cluster.RenewBefore())
		out.Control, out.Renews = &shown, &renews
	}
	if n.trafficCert != nil {
		shown := shownCertificate(n.trafficCert)
		out.Traffic = &shown
	}
	return out
}

// shownCertificate tells what a certificate says.
func shownCertificate(cert *x509.Certificate) client.Certificate {
	out := client.Certificate{
		Subject: cert.Subject.String(), Issuer: cert.Issuer.String(), Serial: cert.SerialNumber.Text(16),
		SHA256: cluster.Fingerprint(cert), From: cert.NotBefore.UTC(), Until: cert.NotAfter.UTC(), Hosts: cert.DNSNames,
	}
	for _, ip := range cert.IPAddresses {
		out.Hosts = append(out.Hosts, ip.String())
	}
	return out
}
