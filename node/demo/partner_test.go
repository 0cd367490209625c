package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const goodShipment = `{"reference":"PO-1","ship_to":{"name":"A","street":"B 1","city":"C","postcode":"1","country":"DE"},"items":[{"sku":"X","quantity":"2.5"}]}`

// thursday is when the tests' partner lives.
func thursday() time.Time { return time.Date(2025, 11, 20, 10, 0, 0, 0, time.UTC) }

// ask sends one request to h and returns status and body.
func ask(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestPartnerBooks(t *testing.T) {
	t.Parallel()
	p := newPartner(thursday)
	status, body := ask(t, p, "POST", "/v1/shipments", goodShipment)
	var s shipment
	if err := json.Unmarshal([]byte(body), &s); err != nil || status != http.StatusCreated {
		t.Fatalf("POST = %d %s, want 201 and a shipment", status, body)
	}
	if want := (shipment{ID: s.ID, Reference: "PO-1", Status: "booked", ETA: "2025-11-25", Items: 1}); s != want || s.ID == "" {
		t.Errorf("shipment = %+v, want %+v (three working days on, over the weekend)", s, want)
	}
	if status, again := ask(t, p, "POST", "/v1/shipments", goodShipment); status != http.StatusOK || again != body {
		t.Errorf("the same again = %d %s, want 200 %s", status, again, body)
	}
	if status, other := ask(t, p, "POST", "/v1/shipments", strings.Replace(goodShipment, "2.5", "3", 1)); status != http.StatusConflict {
		t.Errorf("the reference with other contents = %d %s, want 409", status, other)
	}
	if status, found := ask(t, p, "GET", "/v1/shipments/"+s.ID, ""); status != http.StatusOK || found != body {
		t.Errorf("GET = %d %s, want 200 %s", status, found, body)
	}
}

func TestPartnerRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, path, body string
		status             int
		want               []string // parts of the answer
	}{
		"unknown shipment": {"GET", "/v1/shipments/SHP-0", "", 404, []string{"no such shipment"}},
		"other method":     {"DELETE", "/v1/shipments", "", 405, nil},
		"other path":       {"GET", "/v2/shipments", "", 404, nil},
		"no JSON":          {"POST", "/v1/shipments", "<order/>", 400, []string{"not the JSON object"}},
		"two objects":      {"POST", "/v1/shipments", goodShipment + goodShipment, 400, []string{"after the end"}},
		"unknown field":    {"POST", "/v1/shipments", `{"ref":"1"}`, 400, []string{"ref"}},
		"too large":        {"POST", "/v1/shipments", `{"reference":"` + strings.Repeat("x", maxPartnerBody) + `"}`, 413, []string{"65536"}},
		"empty": {"POST", "/v1/shipments", `{}`, 422, []string{
			"reference:", "ship_to.name:", "ship_to.street:", "ship_to.city:", "ship_to.postcode:", "ship_to.country:", "items:",
		}},
		"bad item": {"POST", "/v1/shipments", strings.Replace(goodShipment, `"sku":"X","quantity":"2.5"`, `"sku":" ","quantity":"0.0"`, 1), 422, []string{
			"items[0].sku:", "items[0].quantity:",
		}},
		"too many failures": {"POST", "/v1/simulate", `{"fail":1001}`, 422, []string{"0 to 1000"}},
		"no failures":       {"POST", "/v1/simulate", `{}`, 422, []string{"fail:"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := ask(t, newPartner(thursday), tc.method, tc.path, tc.body)
			if status != tc.status {
				t.Errorf("%s %s = %d %s, want %d", tc.method, tc.path, status, body, tc.status)
			}
			for _, part := range tc.want {
				if !strings.Contains(body, part) {
					t.Errorf("answer %s does not say %q", body, part)
				}
			}
		})
	}
}

func TestPartnerFailsAsTold(t *testing.T) {
	t.Parallel()
	p := newPartner(thursday)
	if status, body := ask(t, p, "POST", "/v1/simulate", `{"fail":2}`); status != http.StatusOK {
		t.Fatalf("simulate = %d %s, want 200", status, body)
	}
	for i, want := range []int{503, 503, 201, 200} {
		if status, body := ask(t, p, "POST", "/v1/shipments", goodShipment); status != want {
			t.Errorf("call %d = %d %s, want %d", i+1, status, body, want)
		}
		if status, body := ask(t, p, "GET", "/v1/health", ""); status != http.StatusOK {
			t.Errorf("health = %d %s, want 200 whatever is simulated", status, body)
		}
	}
}

// The book stays small, and a forgotten reference may be booked again.
func TestPartnerForgets(t *testing.T) {
	t.Parallel()
	b := newShipments(thursday)
	ids := make([]string, maxShipments+2)
	for i := range ids {
		s, status := b.add(shipmentRequest{Reference: fmt.Sprint(i)})
		if status != http.StatusCreated {
			t.Fatalf("booking %d = %d, want 201", i, status)
		}
		ids[i] = s.ID
	}
	for i, want := range map[int]bool{0: false, 1: false, 2: true, maxShipments + 1: true} {
		if _, ok := b.find(ids[i]); ok != want {
			t.Errorf("shipment %d is there: %t, want %t", i, ok, want)
		}
	}
	if len(b.byID) != maxShipments || len(b.byRef) != maxShipments || len(b.order) != maxShipments {
		t.Errorf("the book has %d, %d and %d entries, want %d each", len(b.byID), len(b.byRef), len(b.order), maxShipments)
	}
	if _, status := b.add(shipmentRequest{Reference: "0"}); status != http.StatusCreated {
		t.Errorf("booking a forgotten reference = %d, want 201", status)
	}
}

// Over a real socket, by many at once: one reference is one shipment.
func TestPartnerBooksOnce(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(NewPartner())
	defer srv.Close()
	const callers = 16
	answers := make([]string, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/v1/shipments", strings.NewReader(goodShipment))
			if err != nil {
				t.Error(err)
				return
			}
			res, err := srv.Client().Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = res.Body.Close() }()
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Error(err)
			}
			answers[i] = string(text)
		})
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] || a == "" {
			t.Fatalf("the callers got %q and %q, want the same shipment", a, answers[0])
		}
	}
}

func FuzzPartner(f *testing.F) {
	for _, seed := range []string{goodShipment, `{"fail":1}`, `{`, `{"items":[{}]}`, `null`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		p := newPartner(thursday)
		for _, path := range []string{"/v1/shipments", "/v1/simulate"} {
			status, text := ask(t, p, "POST", path, body)
			if status >= 500 && status != http.StatusServiceUnavailable || !json.Valid([]byte(text)) {
				t.Fatalf("POST %s %q = %d %q, want a refusal or success in JSON", path, body, status, text)
			}
		}
	})
}
