package node_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"signalbox.internal/node/nodetest"
)

const benchOrders = `import { service } from "@signalbox/sdk";
export const order = service({
  name: "bench.order",
  handle(ctx, o: any) {
    o.name = o.name.toUpperCase();
    let total = 0;
    for (const i of o.items) { i.total = i.qty * i.price; total += i.total; }
    const r: any = ctx.invoke("signalbox.echo", { rate: 0.25 });
    o.total = total;
    o.total_eur = total * r.input.rate;
    delete o.tmp;
    return o;
  },
});
`

// A TypeScript service behind the whole traffic port, 64 callers.
func BenchmarkTypeScriptOrder(b *testing.B) {
	n := nodetest.Start(b, nodetest.Options{Settings: map[string]string{"log_level": "error"}})
	n.Deploy("bench", benchOrders)
	n.Apply("kind: channel\nname: order\nspec: {method: POST, path: /order, service: bench.order}\n")
	body := []byte(`{"order_id":"ORD-1","currency":"PLN","name":"Maria","tmp":1,"items":[` +
		`{"sku":"A","description":"Product in a box with a description","qty":1,"price":1.25},` +
		`{"sku":"B","description":"Product in a box with a description","qty":2,"price":2.25},` +
		`{"sku":"C","description":"Product in a box with a description","qty":3,"price":3.25}]}`)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			res, err := client.Post(n.Traffic+"/order", "application/json", bytes.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Errorf("got %s", res.Status)
				return
			}
		}
	})
}
