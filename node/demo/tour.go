package demo

// Tour returns the commands that show the demo, in the order to try them.
// traffic is the node's traffic address, such as http://127.0.0.1:11223. The
// input files are named as seen from the top folder of the repository.
func Tour(traffic string) []string {
	const (
		samples = " --data-binary @node/demo/samples/"
		xml     = "curl -s -H 'Content-Type: application/xml'" + samples
		json    = "curl -s -H 'Content-Type: application/json'" + samples
	)
	return []string{
		xml + "ecb-rates.xml " + traffic + "/demo/rates",
		"curl -s '" + traffic + "/demo/convert?from=USD&to=PLN&amount=10'",
		"curl -s -i -H 'Content-Type: application/xml'" + samples + "order.xml " + traffic + "/demo/orders",
		json + "order-bad.json " + traffic + "/demo/orders",
		"curl -s " + traffic + "/demo/orders/PO-1001",
		"curl -s -u demo:demo-password-1 " + traffic + "/demo/secure/whoami",
	}
}
