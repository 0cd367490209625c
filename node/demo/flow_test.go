package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/channel"
	"signalbox.internal/node/demo"
	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/security"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// box is the demo as a node runs it, from its channels to its connections, without
// ODB and admin API.
type box struct {
	t            *testing.T
	url, partner string
	samples      fs.FS
}

func newBox(t *testing.T) *box {
	t.Helper()
	partner := httptest.NewServer(demo.NewPartner())
	t.Cleanup(partner.Close)
	quiet := slog.New(slog.DiscardHandler)
	ring, err := security.OpenKeyring(filepath.Join(t.TempDir(), "keys", "secrets.keys"))
	must(t, err)
	sealer, err := security.NewSealer(security.SealerConfig{Keyring: ring})
	must(t, err)
	snap := snapshot(t, partner.URL, sealer)

	sec, err := security.New(security.Config{Sealer: sealer, Log: quiet})
	must(t, err)
	out, err := outgoing.New(outgoing.Config{Secrets: sealer, Credentials: sec, DataDir: t.TempDir(), Log: quiet})
	must(t, err)
	t.Cleanup(func() { must(t, out.Close()) })
	host, err := service.NewHost(out.Operations())
	must(t, err)
	registry := service.NewRegistry()
	t.Cleanup(registry.Close)
	deployAll(t, registry, quiet)
	invoker := service.NewInvoker(service.Config{Registry: registry, Host: host, Log: quiet})
	channels, err := channel.New(channel.Config{Invoker: invoker, Services: registry, Security: sec, Log: quiet})
	must(t, err)

	problems := append(sec.Apply(t.Context(), snap), out.Apply(t.Context(), snap)...)
	if problems = append(problems, channels.Apply(t.Context(), snap)...); len(problems) > 0 {
		t.Fatalf("definitions cannot be put into force: %v", problems)
	}
	traffic := httptest.NewServer(channels)
	t.Cleanup(traffic.Close)
	samples, err := demo.Samples()
	must(t, err)
	return &box{t, traffic.URL, partner.URL, samples}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// snapshot has the demo's definitions as an ODB would keep them.
func snapshot(t *testing.T, partnerURL string, sealer *security.Sealer) *odb.Snapshot {
	t.Helper()
	docs, err := demo.Documents(partnerURL)
	must(t, err)
	empty, err := odb.NewSnapshot(0, nil)
	must(t, err)
	plan, err := odb.NewPlan(odb.PlanInput{Current: empty, Documents: docs, Seal: sealer.Seal})
	must(t, err)
	var defs []odb.Definition
	for _, c := range plan {
		defs = append(defs, odb.Definition{ID: c.Kind + c.Name, Kind: c.Kind, Name: c.Name, Version: 1, Spec: c.Spec})
	}
	snap, err := odb.NewSnapshot(1, defs)
	must(t, err)
	return snap
}

// deployAll puts every package into force, each service with its answers checked.
func deployAll(t *testing.T, registry *service.Registry, log *slog.Logger) {
	t.Helper()
	engine, err := quickjs.New(quickjs.Config{Log: log})
	must(t, err)
	t.Cleanup(engine.Close)
	var bindings []service.Binding
	for _, src := range sources(t) {
		module, err := engine.Load(t.Context(), src)
		must(t, err)
		p, err := service.Prepare(module)
		must(t, err)
		defer p.Release()
		for _, name := range p.Names() {
			bindings = append(bindings, service.Binding{Name: name, From: p, Settings: service.Settings{ValidateOutput: true}})
		}
	}
	must(t, registry.Switch(bindings))
}

// sources are the packages as the engine takes them.
func sources(t *testing.T) []quickjs.Source {
	t.Helper()
	pkgs, err := demo.Packages()
	must(t, err)
	var out []quickjs.Source
	for _, p := range pkgs {
		src := quickjs.Source{Name: p.Name, Hash: p.Name, Files: p.Files}
		if p.Name == "orders" {
			src.Settings = json.RawMessage(`{"database":"demo.db","partner":"demo.partner"}`)
		}
		out = append(out, src)
	}
	return out
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // of a JSON answer
}

// code is the code of a problem, "" of anything else.
func (a answer) code() string {
	code, _ := a.body["code"].(string)
	return code
}

// faults are the places that a problem lists.
func (a answer) faults() []string {
	var out []string
	list, _ := a.body["errors"].([]any)
	for _, f := range list {
		fault, _ := f.(map[string]any)
		out = append(out, fmt.Sprint(fault["pointer"]))
	}
	return out
}

// send makes a request; header are pairs of name and value.
func (b *box) send(method, url string, body []byte, header ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, url, bytes.NewReader(body))
	must(b.t, err)
	req.Header.Set("X-Correlation-ID", "cid-12345678")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	must(b.t, err)
	text, err := io.ReadAll(res.Body)
	must(b.t, err)
	must(b.t, res.Body.Close())
	a := answer{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasSuffix(res.Header.Get("Content-Type"), "json") {
		must(b.t, json.Unmarshal(text, &a.body))
	}
	return a
}

func (b *box) get(path string, header ...string) answer {
	b.t.Helper()
	return b.send(http.MethodGet, b.url+path, nil, header...)
}

// post sends a sample.
func (b *box) post(path, sample string) answer {
	b.t.Helper()
	text, err := fs.ReadFile(b.samples, sample)
	must(b.t, err)
	return b.send(http.MethodPost, b.url+path, text, "Content-Type", "application/"+strings.TrimPrefix(filepath.Ext(sample), "."))
}

// want fails the test unless the answer has the status and the code and, in its body, the fields.
func (b *box) want(got answer, status int, code string, fields map[string]any) {
	b.t.Helper()
	if got.status != status || got.code() != code {
		b.t.Fatalf("answer %d %s, want %d with code %q", got.status, got.text, status, code)
	}
	for field, want := range fields {
		if !reflect.DeepEqual(got.body[field], want) {
			b.t.Errorf("%s is %v, want %v", field, got.body[field], want)
		}
	}
}

// wantFaults fails the test unless the answer refuses the input at exactly these
// places, in any order.
func (b *box) wantFaults(got answer, places ...string) {
	b.t.Helper()
	b.want(got, http.StatusBadRequest, "invalid_input", nil)
	found := slices.Sorted(slices.Values(got.faults()))
	slices.Sort(places)
	if !slices.Equal(found, places) {
		b.t.Errorf("faults at\n %s\nwant\n %s", strings.Join(found, "\n "), strings.Join(places, "\n "))
	}
}

// simulate makes the partner's next calls fail.
func (b *box) simulate(calls int) {
	b.t.Helper()
	if got := b.send(http.MethodPost, b.partner+"/v1/simulate", fmt.Appendf(nil, `{"fail":%d}`, calls)); got.status != http.StatusOK {
		b.t.Fatalf("simulate answered %d %s", got.status, got.text)
	}
}

func TestRatesFlow(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const dollars = "/demo/convert?from=USD&to=PLN&amount=10"

	none := b.get(dollars)
	b.want(none, 409, "rates.none", nil)
	if !strings.Contains(none.text, "node/demo/samples/ecb-rates.xml") {
		t.Errorf("the answer %s does not say what to do", none.text)
	}
	for range 2 { // the second time replaces the first
		b.want(b.post("/demo/rates", "ecb-rates.xml"), 200, "", map[string]any{"date": "2025-11-20", "stored": 30.0})
	}
	b.want(b.get(dollars), 200, "", map[string]any{
		"from": "USD", "to": "PLN", "amount": "10", "rate": "3.679393", "result": "36.79", "date": "2025-11-20",
	})
	if got := b.get(dollars, "Accept", "application/xml"); !strings.Contains(got.text, "<result>36.79</result>") {
		t.Errorf("as XML the answer is %s, want the result in it", got.text)
	}
	b.want(b.get("/demo/convert?from=XXX&to=PLN&amount=10"), 422, "rates.unknown_currency", nil)
	b.wantFaults(b.get("/demo/convert?from=usd&to=PLN&amount=ten"), "/from", "/amount")
}

func TestBadRates(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const day = "/gesmes:Envelope/Cube/Cube/"
	b.wantFaults(b.post("/demo/rates", "ecb-rates-bad.xml"), day+"@time", day+"Cube/0/@rate", day+"Cube/1/@rate", day+"Cube/2/@currency")
	b.want(b.post("/demo/rates", "order.json"), 415, "unsupported_media_type", nil)
}

func TestOrdersFlow(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.want(b.post("/demo/orders", "order.xml"), 409, "rates.none", nil)
	b.want(b.post("/demo/rates", "ecb-rates.xml"), 200, "", nil)

	first := b.post("/demo/orders", "order.xml")
	b.want(first, 201, "", map[string]any{
		"id": "PO-1001", "currency": "USD", "total": "1853.80", "total_eur": "1608.50", "rate_date": "2025-11-20",
	})
	again := b.post("/demo/orders", "order-other-prefixes.xml")
	b.want(again, 200, "", first.body)
	for _, a := range []answer{first, again} {
		if got := a.header.Get("Location"); got != "/demo/orders/PO-1001" {
			t.Errorf("Location is %q, want /demo/orders/PO-1001", got)
		}
	}
	b.want(b.post("/demo/orders", "order.json"), 201, "", map[string]any{"id": "PO-1002", "total": "743.30", "total_eur": "175.29"})

	shipment, _ := first.body["shipment"].(map[string]any)
	shipment["status"] = "booked"
	b.want(b.get("/demo/orders/PO-1001"), 200, "", map[string]any{"id": "PO-1001", "lines": first.body["lines"], "shipment": shipment})
	b.want(b.get("/demo/orders/PO-9"), 404, "orders.not_found", nil)
	for query, want := range map[string]int{"": 2, "?limit=1": 1, "?limit=100": 2} {
		if list, _ := b.get("/demo/orders" + query).body["orders"].([]any); len(list) != want {
			t.Errorf("the list %q has %d orders, want %d", query, len(list), want)
		}
	}
	b.wantFaults(b.get("/demo/orders?limit=101"), "/limit")
}

func TestBadOrders(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const line = "/ubl:Order/cac:OrderLine/"
	b.wantFaults(b.post("/demo/orders", "order-bad.json"),
		"/currency", "/number", "/date", "/buyer", "/ship_to/postcode", "/ship_to/country",
		"/lines/0/quantity", "/lines/1/sku", "/lines/1/quantity", "/lines/1/price")
	b.wantFaults(b.post("/demo/orders", "order-bad.xml"),
		"/ubl:Order/cbc:ID", "/ubl:Order/cbc:IssueDate",
		"/ubl:Order/cac:BuyerCustomerParty/cac:Party/cac:PostalAddress/cbc:PostalZone",
		line+"0/cac:LineItem/cac:Price/cbc:PriceAmount/@currencyID", line+"0/cac:LineItem/cbc:LineExtensionAmount",
		line+"1/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID", line+"1/cac:LineItem/cac:Price/cbc:PriceAmount")
	b.wantFaults(b.post("/demo/orders", "ecb-rates.xml"), "")
	if got := b.send(http.MethodPost, b.url+"/demo/orders", []byte("{"), "Content-Type", "application/json"); got.status != 400 {
		t.Errorf("half a JSON object is answered %d %s, want 400", got.status, got.text)
	}
}

// Two failures are retried away; while the partner stays away nothing is stored,
// and the breaker spares it further calls.
func TestPartnerAway(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.want(b.post("/demo/rates", "ecb-rates.xml"), 200, "", nil)
	b.simulate(2)
	b.want(b.post("/demo/orders", "order.xml"), 201, "", nil)
	b.simulate(100)
	b.want(b.post("/demo/orders", "order.json"), 503, "orders.partner_failed", nil)
	if got := b.post("/demo/orders", "order.json"); got.status != 503 {
		t.Errorf("the order once more is answered %d %s, want 503", got.status, got.text)
	}
	b.want(b.post("/demo/orders", "order.json"), 503, service.CodeOutDown, nil)
	b.want(b.get("/demo/orders/PO-1001"), 200, "", map[string]any{"id": "PO-1001"})
	b.want(b.get("/demo/orders/PO-1002"), 404, "orders.not_found", nil)
}

func TestSecure(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const path, basic = "/demo/secure/whoami", "Basic ZGVtbzpkZW1vLXBhc3N3b3JkLTE=" // demo:demo-password-1
	b.want(b.get(path, "Authorization", basic), 200, "", map[string]any{"user": "demo", "security": "demo.basic"})
	b.want(b.get(path, "X-API-Key", "demo-key-12345"), 200, "", map[string]any{"user": "demo-app", "security": "demo.key"})
	for _, header := range [][]string{nil, {"X-API-Key", "demo-key-1234"}, {"Authorization", "Basic ZGVtbzpkZW1v"}} {
		got := b.get(path, header...)
		if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("with %q the answer is %d %s, want 401 with WWW-Authenticate", header, got.status, got.text)
		}
	}
}
