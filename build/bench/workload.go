package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// benchKey is the API key of the measured channel.
const benchKey = "bench-key-12345"

// goRequest is what wrk sends to the Go service.
const goRequest = `wrk.method = "POST"
wrk.body = '{"id":"A-1","qty":3,"note":"as agreed"}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-API-Key"] = "` + benchKey + `"
`

// order is the message of about 1 kB that the order services work on.
func order() string {
	var items []string
	for i := range 5 {
		items = append(items, fmt.Sprintf(`{"sku":"SKU-%04d","description":"Product number %d, boxed, with a description of some length for weight","qty":%d,"price":%d.25}`, i, i, i+1, 10*(i+1)))
	}
	return `{"order_id":"ORD-2026-000017","currency":"PLN","name":"Maria Nowak","city":"Wroclaw","note":"Leave at the door","tmp":"to be deleted","items":[` + strings.Join(items, ",") + `]}`
}

func orderRequest() string {
	return "wrk.method = \"POST\"\nwrk.body = [==[" + order() + "]==]\nwrk.headers[\"Content-Type\"] = \"application/json\"\n"
}

// typescriptOrders does the same work as pythonOrders: parse, upper-case the
// name, five line totals, sum, one host call for the rate (a service compiled
// into the node), three fields set, one deleted.
const typescriptOrders = `import { service } from "@signalbox/sdk";

export const order = service({
  name: "bench.order",
  handle(ctx, o: any) {
    o.name = o.name.toUpperCase();
    let total = 0;
    for (const i of o.items) { i.total = i.qty * i.price; total += i.total; }
    const r: any = ctx.invoke("bench.rate", { currency: o.currency });
    o.total = total;
    o.total_eur = total * r.rate;
    o.accepted = true;
    delete o.tmp;
    return o;
  },
});
`

// pythonOrders is the same service for gunicorn: a bare WSGI function.
const pythonOrders = `import json

def rate(currency):
    return 0.25 if currency == "PLN" else 1

def app(environ, start_response):
    if environ["REQUEST_METHOD"] != "POST":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ready"]
    o = json.loads(environ["wsgi.input"].read())
    o["name"] = o["name"].upper()
    total = 0
    for i in o["items"]:
        i["total"] = i["qty"] * i["price"]
        total += i["total"]
    r = rate(o["currency"])
    o["total"] = total
    o["total_eur"] = total * r
    o["accepted"] = True
    del o["tmp"]
    body = json.dumps(o).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
`

// sameAnswers checks that two services answer the order alike.
func sameAnswers(ctx context.Context, x, y string) error {
	var got [2]any
	for i, url := range []string{x, y} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(order()))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return err
		}
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&got[i]); err != nil {
			return fmt.Errorf("%s answers %s: %s", url, res.Status, body)
		}
	}
	if !reflect.DeepEqual(got[0], got[1]) {
		return fmt.Errorf("the two services answer differently:\n%v\n%v", got[0], got[1])
	}
	return nil
}
