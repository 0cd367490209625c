package node_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/node/nodetest"
)

func sample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("demo", "samples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const (
	asXML  = "application/xml"
	asJSON = "application/json"
)

// The demo does what the README's tour shows: rates in, conversion, orders of
// both forms priced, announced to the partner and stored, faults listed.
func TestDemoTour(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{Demo: true})

	before := n.Do(http.MethodGet, "/demo/convert?from=USD&to=PLN&amount=10", "")
	if before.Status < 400 {
		t.Errorf("a conversion without rates: %d %s", before.Status, before.Body)
	}
	if a := n.Do(http.MethodPost, "/demo/rates", sample(t, "ecb-rates.xml"), "Content-Type", asXML); a.Status != 200 {
		t.Fatalf("rates: %d %s", a.Status, a.Body)
	}
	var converted struct{ From, To, Amount, Rate, Result, Date string }
	a := n.Do(http.MethodGet, "/demo/convert?from=USD&to=PLN&amount=10", "")
	if a.Status != 200 || json.Unmarshal([]byte(a.Body), &converted) != nil || converted.Result == "" {
		t.Fatalf("conversion: %d %s", a.Status, a.Body)
	}
	for _, o := range []struct{ file, contentType, id string }{
		{"order.xml", asXML, "PO-1001"}, {"order.json", asJSON, "PO-1002"},
	} {
		a := n.Do(http.MethodPost, "/demo/orders", sample(t, o.file), "Content-Type", o.contentType)
		if a.Status != http.StatusCreated || !strings.HasSuffix(a.Header.Get("Location"), "/demo/orders/"+o.id) {
			t.Errorf("%s: %d, Location %q: %s", o.file, a.Status, a.Header.Get("Location"), a.Body)
		}
		got := n.Do(http.MethodGet, "/demo/orders/"+o.id, "")
		if got.Status != 200 || !strings.Contains(got.Body, `"shipment`) {
			t.Errorf("order %s: %d %s", o.id, got.Status, got.Body)
		}
	}
	if a := n.Do(http.MethodGet, "/demo/orders/PO-1001", "", "Accept", asXML); !strings.Contains(a.Body, "<order") {
		t.Errorf("the order as XML: %d %s", a.Status, a.Body)
	}
	for file, contentType := range map[string]string{"order-bad.json": asJSON, "order-bad.xml": asXML} {
		checkFaults(t, file, n.Do(http.MethodPost, "/demo/orders", sample(t, file), "Content-Type", contentType), 3)
	}
	checkFaults(t, "bad rates", n.Do(http.MethodPost, "/demo/rates", sample(t, "ecb-rates-bad.xml"), "Content-Type", asXML), 2)
}

// checkFaults wants a problem document that lists so many faults.
func checkFaults(t *testing.T, what string, a nodetest.Answer, atLeast int) {
	t.Helper()
	var doc struct {
		Code, CID string
		Errors    []struct{ Pointer, Message string }
	}
	if a.Status != http.StatusBadRequest || a.Header.Get("Content-Type") != "application/problem+json" ||
		json.Unmarshal([]byte(a.Body), &doc) != nil || len(doc.Errors) < atLeast || doc.CID == "" {
		t.Errorf("%s: %d %s; want at least %d faults", what, a.Status, a.Body, atLeast)
	}
}

func TestDemoSecurity(t *testing.T) {
	t.Parallel()
	n := nodetest.Start(t, nodetest.Options{Demo: true})
	basic := func(user, password string) string {
		u := url.UserPassword(user, password)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x", nil)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := u.Password()
		r.SetBasicAuth(u.Username(), p)
		return r.Header.Get("Authorization")
	}
	for name, tc := range map[string]struct {
		header, value string
		status        int
		user          string
	}{
		"basic":          {"Authorization", basic("demo", "demo-password-1"), 200, `"demo"`},
		"key":            {"X-API-Key", "demo-key-12345", 200, `"demo-app"`},
		"nothing":        {"X-None", "x", 401, ""},
		"wrong password": {"Authorization", basic("demo", "demo-password-2"), 401, ""},
		"wrong key":      {"X-API-Key", "demo-key-1234", 401, ""},
	} {
		a := n.Do(http.MethodGet, "/demo/secure/whoami", "", tc.header, tc.value)
		if a.Status != tc.status || !strings.Contains(a.Body, tc.user) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
		if got := a.Header.Get("Www-Authenticate"); (tc.status == 401) != strings.Contains(got, "Basic") {
			t.Errorf("%s: WWW-Authenticate %q", name, got)
		}
		for _, secret := range []string{"demo-password-1", "demo-key-12345"} {
			if strings.Contains(a.Body, secret) {
				t.Errorf("%s: the answer tells %s", name, secret)
			}
		}
	}
}

// A second start finds everything there and changes nothing; what somebody has
// changed stays.
func TestDemoIsNotInstalledTwice(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "node")
	first := nodetest.Start(t, nodetest.Options{Dir: dir, Demo: true})
	first.Apply("kind: channel\nname: demo.rates.convert\nspec: {path: /other, service: rates.convert}\n")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := nodetest.Start(t, nodetest.Options{Dir: dir, Demo: true})
	if a := second.Do(http.MethodGet, "/demo/convert?from=EUR&to=EUR&amount=1", ""); a.Status != 404 {
		t.Errorf("the demo undid a change: %d %s", a.Status, a.Body)
	}
	if a := second.Do(http.MethodPost, "/demo/rates", sample(t, "ecb-rates.xml"), "Content-Type", asXML); a.Status != 200 {
		t.Errorf("rates: %d %s", a.Status, a.Body)
	}
}
