package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"signalbox.internal/node/sdk"
	"signalbox.internal/node/sdk/sdktest"
	"signalbox.internal/node/service"
	"signalbox.internal/odb"
)

type item struct {
	SKU   string `json:"sku"`
	Qty   int    `json:"qty"`
	Price int64  `json:"price" jsonschema:"in cents"`
}

type order struct {
	ID    string  `json:"id"`
	Items []item  `json:"items"`
	Note  *string `json:"note,omitempty"`
}

type priced struct {
	ID    string `json:"id"`
	Total int64  `json:"total"`
	Rate  int64  `json:"rate"`
}

type rate struct {
	Rate int64 `json:"rate"`
}

func mustFunc[I, O any](t *testing.T, name string, f func(*sdk.Ctx, *I) (*O, error), opts ...sdk.Option) service.Service {
	t.Helper()
	s, err := sdk.Func(name, f, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func price(c *sdk.Ctx, o *order) (*priced, error) {
	if len(o.Items) == 0 {
		return nil, sdk.Errorf(http.StatusUnprocessableEntity, "order.empty", "order %s has no items", o.ID)
	}
	r, err := sdk.InvokeAs[rate](c, "fx.rate", struct{}{})
	if err != nil {
		return nil, err
	}
	var total int64
	for _, i := range o.Items {
		total += int64(i.Qty) * i.Price
	}
	rows, err := c.SQLQuery("erp", "select 1 where :id = :id", map[string]any{"id": o.ID})
	if err != nil {
		return nil, err
	}
	return &priced{ID: o.ID, Total: total * int64(len(rows)), Rate: r.Rate}, nil
}

func kit(t *testing.T) *sdktest.Kit {
	t.Helper()
	fx := mustFunc(t, "fx.rate", func(*sdk.Ctx, *struct{}) (*rate, error) { return &rate{Rate: 4}, nil })
	fakes := sdktest.Fakes{"sql.query": func(_ context.Context, _ *service.Call, args json.RawMessage) (any, error) {
		var a struct {
			Connection string         `json:"connection"`
			SQL        string         `json:"sql"`
			Params     map[string]any `json:"params"`
		}
		if err := service.DecodeArgs("sql.query", args, &a); err != nil {
			return nil, err
		}
		if a.Connection != "erp" || a.Params["id"] == "" {
			return nil, errors.New("unexpected query")
		}
		return map[string]any{"columns": []string{"1"}, "rows": []any{map[string]any{"1": 1}}}, nil
	}}
	return sdktest.New(t, fakes, fx, mustFunc(t, "order.price", price, sdk.Doc("Prices an order.")))
}

func TestTypedServiceWithNestedInvokeAndSQL(t *testing.T) {
	var got priced
	in := order{ID: "A-1", Items: []item{{"x", 2, 150}, {"y", 1, 99}}}
	if err := kit(t).Invoke("order.price", in, &got); err != nil {
		t.Fatal(err)
	}
	if want := (priced{"A-1", 399, 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestInputIsValidatedWithAllFaults(t *testing.T) {
	in := map[string]any{"id": 7, "items": []any{map[string]any{"sku": "x", "qty": 1.5, "price": 1}}, "bogus": true}
	err := kit(t).Invoke("order.price", in, nil)
	e := service.AsError(err)
	if e == nil || e.Code != service.CodeInvalid || e.Status != http.StatusBadRequest {
		t.Fatalf("got %v, want %s", err, service.CodeInvalid)
	}
	faults, ok := e.Details.(odb.Faults)
	if !ok || len(faults) < 3 {
		t.Fatalf("details %v, want the faults of id, qty and bogus", e.Details)
	}
	for _, at := range []string{"/id", "/items/0/qty"} {
		if !strings.Contains(faults.Error(), at) {
			t.Errorf("no fault at %s in %v", at, faults)
		}
	}
}

func TestServiceErrorTravelsWhole(t *testing.T) {
	e := service.AsError(kit(t).Invoke("order.price", order{ID: "A-2", Items: []item{}}, nil))
	if e == nil || e.Code != "order.empty" || e.Status != http.StatusUnprocessableEntity || !strings.Contains(e.Message, "A-2") {
		t.Errorf("got %+v", e)
	}
}

func TestUnderivableTypeIsAnError(t *testing.T) {
	_, err := sdk.Func("bad", func(*sdk.Ctx, *struct{ F func() }) (*rate, error) { return nil, nil })
	if err == nil || !strings.Contains(err.Error(), "input schema of service bad") {
		t.Errorf("got %v", err)
	}
	if _, err := sdk.NewModule("m", nil, err); err == nil {
		t.Error("NewModule took a service that could not be made")
	}
}
