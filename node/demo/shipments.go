package demo

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	maxShipments = 1000 // the oldest are forgotten beyond it
	maxItems     = 500  // lines of one shipment
	transitDays  = 3    // working days from booking to arrival
	idLength     = 10   // random letters and digits, so that ids of an earlier run mean nothing
)

// shipmentRequest is what the partner wants to know to book a shipment.
type shipmentRequest struct {
	Reference string  `json:"reference"` // the sender's own number
	ShipTo    address `json:"ship_to"`
	Items     []item  `json:"items"`
}

type address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"` // ISO 3166 code of two letters
}

type item struct {
	SKU      string `json:"sku"`
	Quantity string `json:"quantity"` // a positive decimal number
}

// shipment is a booked one, as the partner shows it.
type shipment struct {
	ID        string `json:"shipment_id"`
	Reference string `json:"reference"`
	Status    string `json:"status"`
	ETA       string `json:"eta"` // date of arrival
	Items     int    `json:"items"`
}

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	quantity    = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?$`)
)

// faults lists all that is wrong with the request.
func (r shipmentRequest) faults() []string {
	var out []string
	need := func(name, value string) {
		if strings.TrimSpace(value) == "" || len(value) > 200 {
			out = append(out, name+": a text of 1 to 200 characters is needed")
		}
	}
	need("reference", r.Reference)
	need("ship_to.name", r.ShipTo.Name)
	need("ship_to.street", r.ShipTo.Street)
	need("ship_to.city", r.ShipTo.City)
	need("ship_to.postcode", r.ShipTo.Postcode)
	if !countryCode.MatchString(r.ShipTo.Country) {
		out = append(out, "ship_to.country: a country code of two capital letters is needed")
	}
	if len(r.Items) == 0 || len(r.Items) > maxItems {
		return append(out, fmt.Sprintf("items: 1 to %d are needed", maxItems))
	}
	for i, it := range r.Items {
		need(fmt.Sprintf("items[%d].sku", i), it.SKU)
		if !quantity.MatchString(it.Quantity) || strings.Trim(it.Quantity, "0.") == "" {
			out = append(out, fmt.Sprintf("items[%d].quantity: a positive number is needed", i))
		}
	}
	return out
}

// shipments is the partner's book. It may be used by any number of goroutines.
type shipments struct {
	now func() time.Time

	mu    sync.Mutex
	byID  map[string]booking
	byRef map[string]string // reference to id
	order []string          // ids, the oldest first
}

type booking struct {
	shipment shipment
	request  shipmentRequest
}

func newShipments(now func() time.Time) *shipments {
	return &shipments{now: now, byID: map[string]booking{}, byRef: map[string]string{}}
}

// add books a shipment: 201 when it is new, 200 when the same one was booked
// before, 409 when its reference was booked with other contents.
func (b *shipments) add(req shipmentRequest) (shipment, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id, known := b.byRef[req.Reference]; known {
		old := b.byID[id]
		if !reflect.DeepEqual(old.request, req) {
			return shipment{}, http.StatusConflict
		}
		return old.shipment, http.StatusOK
	}
	s := shipment{
		ID: "SHP-" + rand.Text()[:idLength], Reference: req.Reference, Status: "booked",
		ETA: arrival(b.now()).Format(time.DateOnly), Items: len(req.Items),
	}
	b.byID[s.ID], b.byRef[req.Reference] = booking{s, req}, s.ID
	b.order = append(b.order, s.ID)
	if len(b.order) > maxShipments {
		oldest := b.byID[b.order[0]]
		delete(b.byID, oldest.shipment.ID)
		delete(b.byRef, oldest.shipment.Reference)
		b.order = b.order[1:]
	}
	return s, http.StatusCreated
}

func (b *shipments) find(id string) (shipment, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := b.byID[id]
	return found.shipment, ok
}

// arrival counts the working days from a booking.
func arrival(booked time.Time) time.Time {
	day := booked
	for left := transitDays; left > 0; {
		day = day.AddDate(0, 0, 1)
		if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
			left--
		}
	}
	return day
}
