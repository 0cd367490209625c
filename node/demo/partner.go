package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	maxPartnerBody = 64 << 10 // bytes of a request
	maxFailures    = 1000     // calls that may be told to fail
)

// Partner is the other company of the demo: a forwarder whose REST API books
// shipments. It keeps the newest shipments in memory and may be told to fail, so
// that retries and the circuit breaker can be watched. Its answers are in its
// own style, not in ours: it is another system.
//
//	POST /v1/shipments       book a shipment; the same reference books once
//	GET  /v1/shipments/{id}  look at one
//	GET  /v1/health          200 while it runs
//	POST /v1/simulate        {"fail": 3}: the next 3 calls of /v1/shipments answer 503
type Partner struct {
	mux  *http.ServeMux
	book *shipments

	mu   sync.Mutex
	fail int // calls that will still be refused
}

// NewPartner returns a partner without shipments.
func NewPartner() http.Handler { return newPartner(time.Now) }

func newPartner(now func() time.Time) *Partner {
	p := &Partner{mux: http.NewServeMux(), book: newShipments(now)}
	p.mux.HandleFunc("POST /v1/shipments", p.failing(p.create))
	p.mux.HandleFunc("GET /v1/shipments/{id}", p.failing(p.get))
	p.mux.HandleFunc("GET /v1/health", p.health)
	p.mux.HandleFunc("POST /v1/simulate", p.simulate)
	return p
}

// ServeHTTP answers as the table above says; any other path gets 404.
func (p *Partner) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// failing answers 503 in place of h while there are failures left to simulate.
func (p *Partner) failing(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !p.takeFailure() {
			h(w, r)
			return
		}
		refuse(w, http.StatusServiceUnavailable, "out of service, as it was told to be")
	}
}

func (p *Partner) takeFailure() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == 0 {
		return false
	}
	p.fail--
	return true
}

func (p *Partner) create(w http.ResponseWriter, r *http.Request) {
	var req shipmentRequest
	if !read(w, r, &req) {
		return
	}
	if faults := req.faults(); len(faults) > 0 {
		refuse(w, http.StatusUnprocessableEntity, faults...)
		return
	}
	s, status := p.book.add(req)
	if status == http.StatusConflict {
		refuse(w, status, "reference "+req.Reference+" is already booked with other contents")
		return
	}
	w.Header().Set("Location", "/v1/shipments/"+s.ID)
	answer(w, status, s)
}

func (p *Partner) get(w http.ResponseWriter, r *http.Request) {
	s, ok := p.book.find(r.PathValue("id"))
	if !ok {
		refuse(w, http.StatusNotFound, "there is no such shipment")
		return
	}
	answer(w, http.StatusOK, s)
}

func (p *Partner) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]bool{"ok": true})
}

func (p *Partner) simulate(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Fail *int `json:"fail"`
	}
	if !read(w, r, &req) {
		return
	}
	if req.Fail == nil || *req.Fail < 0 || *req.Fail > maxFailures {
		refuse(w, http.StatusUnprocessableEntity, "fail: a number from 0 to "+strconv.Itoa(maxFailures)+" is needed")
		return
	}
	p.mu.Lock()
	p.fail = *req.Fail
	p.mu.Unlock()
	answer(w, http.StatusOK, map[string]int{"fail": *req.Fail})
}

// read decodes the body into v; when it cannot, it answers and reports false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPartnerBody))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is text after the end of the object")
		}
	}
	if err == nil {
		return true
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxPartnerBody))
		return false
	}
	refuse(w, http.StatusBadRequest, "the body is not the JSON object that is needed: "+err.Error())
	return false
}

// refuse answers with the partner's form of an error.
func refuse(w http.ResponseWriter, status int, reasons ...string) {
	answer(w, status, map[string][]string{"errors": reasons})
}

func answer(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that went away needs no answer
}
