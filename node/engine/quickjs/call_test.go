package quickjs_test

import (
	"testing"

	"signalbox.internal/node/engine/quickjs"
)

const order = `{"order_id":"ORD-1","currency":"PLN","name":"Ala","items":[{"sku":"a","qty":2,"price":9.95},{"sku":"b","qty":1,"price":19.9}]}`

func TestOrderService(t *testing.T) {
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(folder(t, "orders"))
	n.want("order.accept", order, `{"order_id":"ORD-1","name":"ALA","total":39.8,"total_eur":9.95}`)
}
