package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/demo"
	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/library"
	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

// box runs the demo's packages on their engine, with its outgoing connections: a
// SQLite file and the partner on a socket. Only the channels are left out.
type box struct {
	t       *testing.T
	invoker *service.Invoker
	partner string
	files   fs.FS
}

// noSecrets is enough for connections that present none.
type noSecrets struct{}

func (noSecrets) Open(kind, name, _ string, _ odb.Secret) (string, error) {
	return "", fmt.Errorf("%s %s has no secret", kind, name)
}

func (noSecrets) Present(name string) (func(*http.Request) error, error) {
	return nil, fmt.Errorf("there is no security %s", name)
}

func newBox(t *testing.T) *box {
	t.Helper()
	partner := httptest.NewServer(demo.NewPartner())
	t.Cleanup(partner.Close)
	quiet := slog.New(slog.DiscardHandler)
	out, err := outgoing.New(outgoing.Config{Secrets: noSecrets{}, Credentials: noSecrets{}, DataDir: t.TempDir(), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := out.Close(); err != nil {
			t.Error(err)
		}
	})
	if problems := out.Apply(t.Context(), snapshot(t, partner.URL)); len(problems) > 0 {
		t.Fatalf("outgoing connections have problems: %v", problems)
	}
	host, err := service.NewHost(out.Operations())
	if err != nil {
		t.Fatal(err)
	}
	registry := service.NewRegistry()
	t.Cleanup(registry.Close)
	deployAll(t, registry, quiet)
	files, err := demo.Samples()
	if err != nil {
		t.Fatal(err)
	}
	return &box{t, service.NewInvoker(service.Config{Registry: registry, Host: host, Log: quiet}), partner.URL, files}
}

// snapshot has the demo's outgoing definitions.
func snapshot(t *testing.T, partnerURL string) *odb.Snapshot {
	t.Helper()
	docs, err := demo.Documents(partnerURL)
	if err != nil {
		t.Fatal(err)
	}
	var defs []odb.Definition
	for _, d := range docs {
		if d.Kind == "outgoing" {
			defs = append(defs, odb.Definition{ID: d.Name, Kind: d.Kind, Name: d.Name, Version: 1, Spec: d.Spec})
		}
	}
	snap, err := odb.NewSnapshot(1, defs)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// deployAll puts every package into force, each service with its answers checked.
func deployAll(t *testing.T, registry *service.Registry, log *slog.Logger) {
	t.Helper()
	engine, err := quickjs.New(quickjs.Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	var bindings []service.Binding
	for _, src := range sources(t) {
		module, err := engine.Load(t.Context(), src)
		if err != nil {
			t.Fatalf("load package %s: %v", src.Name, err)
		}
		p, err := service.Prepare(module)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		for _, name := range p.Names() {
			bindings = append(bindings, service.Binding{Name: name, From: p, Settings: service.Settings{ValidateOutput: true}})
		}
	}
	if err := registry.Switch(bindings); err != nil {
		t.Fatal(err)
	}
}

// sources are the packages as the engine takes them.
func sources(t *testing.T) []quickjs.Source {
	t.Helper()
	pkgs, err := demo.Packages()
	if err != nil {
		t.Fatal(err)
	}
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

// answer is what a channel would make an HTTP answer of.
type answer struct {
	status   int // of an error, or what the service set
	code     string
	message  string
	location string
	faults   []string // places
	body     map[string]any
}

func (b *box) call(name string, input []byte) answer {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	c := &service.Call{CID: "cid-12345678", Service: name, Channel: "test", Input: input}
	out, err := b.invoker.Invoke(ctx, c)
	if err != nil {
		e := service.AsError(err)
		return answer{status: e.HTTPStatus(), code: e.Code, message: e.Error(), faults: places(b.t, e.Details)}
	}
	a := answer{status: c.Reply.Status, location: c.Reply.Header.Get("Location"), body: map[string]any{}}
	if err := json.Unmarshal(out, &a.body); err != nil {
		b.t.Fatalf("%s answered %s: %v", name, out, err)
	}
	return a
}

// places reads the pointers of a list of faults, if it is one.
func places(t *testing.T, details any) []string {
	t.Helper()
	raw, err := json.Marshal(details)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Pointer string `json:"pointer"`
	}
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var out []string
	for _, f := range list {
		out = append(out, f.Pointer)
	}
	return out
}

// sample reads an input file, XML as the channel maps it.
func (b *box) sample(name, channel string) []byte {
	b.t.Helper()
	text, err := fs.ReadFile(b.files, name)
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.HasSuffix(name, ".json") {
		return text
	}
	doc, err := library.ParseXML(text, xmlOptions(b.t, channel))
	if err != nil {
		b.t.Fatal(err)
	}
	mapped, err := json.Marshal(doc)
	if err != nil {
		b.t.Fatal(err)
	}
	return mapped
}

// xmlOptions are the XML rules of one of the demo's channels.
func xmlOptions(t *testing.T, channel string) library.XMLOptions {
	t.Helper()
	docs, err := demo.Documents("http://127.0.0.1:4711")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if d.Name != channel {
			continue
		}
		spec, err := odb.Decode(d.Kind, d.Spec)
		if err != nil {
			t.Fatal(err)
		}
		rules := spec.(*odb.ChannelSpec).XML
		namespaces := map[string]string{}
		for prefix, uri := range rules.Namespaces {
			namespaces[strings.TrimPrefix(prefix, "_")] = uri
		}
		return library.XMLOptions{Namespaces: namespaces, Arrays: rules.Arrays}
	}
	t.Fatalf("there is no channel %s", channel)
	return library.XMLOptions{}
}

func (b *box) order(name string) answer {
	return b.call("orders.create", b.sample(name, "demo.orders.create"))
}

func (b *box) rates(name string) answer {
	return b.call("rates.store", b.sample(name, "demo.rates.store"))
}

// want fails the test unless the answer has the status and code and, in its body, the fields.
func (b *box) want(what string, got answer, status int, code string, body map[string]any) {
	b.t.Helper()
	if got.status != status || got.code != code {
		b.t.Fatalf("%s: status %d, code %q (%s), want %d and %q", what, got.status, got.code, got.message, status, code)
	}
	for field, want := range body {
		if !reflect.DeepEqual(got.body[field], want) {
			b.t.Errorf("%s: %s is %v, want %v", what, field, got.body[field], want)
		}
	}
}

// simulate makes the partner's next calls fail.
func (b *box) simulate(calls int) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.partner+"/v1/simulate", strings.NewReader(fmt.Sprintf(`{"fail":%d}`, calls)))
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("simulate answered %s (%v)", res.Status, err)
	}
}

func TestRatesFlow(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	convert := func(query string) answer { return b.call("rates.convert", []byte(query)) }

	none := convert(`{"from":"USD","to":"PLN","amount":"10"}`)
	b.want("before there are rates", none, 409, "rates.none", nil)
	if !strings.Contains(none.message, "node/demo/samples/ecb-rates.xml") {
		t.Errorf("the message %q does not say what to do", none.message)
	}
	for range 2 { // the second time replaces the first
		b.want("the bank's file", b.rates("ecb-rates.xml"), 0, "", map[string]any{"date": "2025-11-20", "stored": 30.0})
	}
	b.want("dollars", convert(`{"from":"USD","to":"PLN","amount":"10"}`), 0, "", map[string]any{
		"from": "USD", "to": "PLN", "amount": "10", "rate": "3.679393", "result": "36.79", "date": "2025-11-20",
	})
	b.want("no such currency", convert(`{"from":"XXX","to":"PLN","amount":"10"}`), 422, "rates.unknown_currency", nil)
	b.want("no amount", convert(`{"from":"USD","to":"PLN"}`), 400, "invalid_input", nil)

	bad := b.rates("ecb-rates-bad.xml")
	b.want("a bad file", bad, 400, "invalid_input", nil)
	const day = "/gesmes:Envelope/Cube/Cube"
	for _, place := range []string{day + "/@time", day + "/Cube/0/@rate", day + "/Cube/1/@rate", day + "/Cube/2/@currency"} {
		if !strings.Contains(strings.Join(bad.faults, " ")+" ", place+" ") {
			t.Errorf("the faults %q have not %s", bad.faults, place)
		}
	}
	if len(bad.faults) != 4 {
		t.Errorf("there are %d faults, want 4: %q", len(bad.faults), bad.faults)
	}
}

func TestOrdersFlow(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.want("before there are rates", b.order("order.xml"), 409, "rates.none", nil)
	b.want("the bank's file", b.rates("ecb-rates.xml"), 0, "", nil)

	first := b.order("order.xml")
	b.want("UBL", first, 201, "", map[string]any{
		"id": "PO-1001", "currency": "USD", "total": "1853.80", "total_eur": "1608.50", "rate_date": "2025-11-20",
	})
	if first.location != "/demo/orders/PO-1001" {
		t.Errorf("Location is %q, want /demo/orders/PO-1001", first.location)
	}
	again := b.order("order-other-prefixes.xml")
	b.want("the same with other prefixes", again, 200, "", first.body)
	if again.location != first.location {
		t.Errorf("Location of the same order is %q, want %q", again.location, first.location)
	}
	b.want("JSON", b.order("order.json"), 201, "", map[string]any{"id": "PO-1002", "total": "743.30", "total_eur": "175.29"})

	b.want("a stored order", b.call("orders.get", []byte(`{"id":"PO-1001"}`)), 0, "", map[string]any{
		"id": "PO-1001", "lines": first.body["lines"],
		"shipment": map[string]any{"id": shipment(first), "eta": first.body["shipment"].(map[string]any)["eta"], "status": "booked"},
	})
	b.want("an unknown order", b.call("orders.get", []byte(`{"id":"PO-9"}`)), 404, "orders.not_found", nil)
	if list, _ := b.call("orders.list", []byte(`{}`)).body["orders"].([]any); len(list) != 2 {
		t.Errorf("the list is %v, want 2 orders", list)
	}
}

func shipment(a answer) any { return a.body["shipment"].(map[string]any)["id"] }

func TestBadOrders(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	const line = "/ubl:Order/cac:OrderLine/"
	tests := map[string][]string{
		"order-bad.json": {
			"/currency", "/number", "/date", "/buyer", "/ship_to/postcode", "/ship_to/country",
			"/lines/0/quantity", "/lines/1/sku", "/lines/1/quantity", "/lines/1/price",
		},
		"order-bad.xml": {
			"/ubl:Order/cbc:ID", "/ubl:Order/cbc:IssueDate",
			"/ubl:Order/cac:BuyerCustomerParty/cac:Party/cac:PostalAddress/cbc:PostalZone",
			line + "0/cac:LineItem/cac:Price/cbc:PriceAmount/@currencyID", line + "0/cac:LineItem/cbc:LineExtensionAmount",
			line + "1/cac:LineItem/cac:Item/cac:SellersItemIdentification/cbc:ID", line + "1/cac:LineItem/cac:Price/cbc:PriceAmount",
		},
	}
	for file, want := range tests {
		got := b.order(file)
		b.want(file, got, 400, "invalid_input", nil)
		if !reflect.DeepEqual(got.faults, want) {
			t.Errorf("%s has its faults at\n %s, want\n %s", file, strings.Join(got.faults, "\n "), strings.Join(want, "\n "))
		}
	}
}

// Two failures are retried away; while the partner stays away nothing is stored,
// and the breaker spares it further calls.
func TestPartnerAway(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.want("the bank's file", b.rates("ecb-rates.xml"), 0, "", nil)
	b.simulate(2)
	b.want("two failures", b.order("order.xml"), 201, "", nil)
	b.simulate(100)
	b.want("a partner that is away", b.order("order.json"), 503, "orders.partner_failed", nil)
	if got := b.order("order.json"); got.status != 503 {
		t.Errorf("the order once more: %d %s, want 503", got.status, got.message)
	}
	b.want("the breaker", b.order("order.json"), 503, service.CodeOutDown, nil)
	b.want("an order that was stored before", b.call("orders.get", []byte(`{"id":"PO-1001"}`)), 0, "", map[string]any{"id": "PO-1001"})
	b.want("the order that was not", b.call("orders.get", []byte(`{"id":"PO-1002"}`)), 404, "orders.not_found", nil)
}
