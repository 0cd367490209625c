package quickjs_test

import (
	"context"
	"testing"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

func BenchmarkCall(b *testing.B) {
	n := newNode(b, quickjs.Config{}, nil)
	n.deploy(folder(b, "orders"))
	n.want("order.accept", order, `{"order_id":"ORD-1","name":"ALA","total":39.8,"total_eur":9.95}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := n.invoker.Invoke(context.Background(), &service.Call{CID: "cid-1234", Service: "order.accept", Channel: "test", Input: []byte(order)}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	e := newEngine(b, quickjs.Config{})
	src := folder(b, "orders")
	for b.Loop() {
		m, err := e.Load(b.Context(), src)
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}
