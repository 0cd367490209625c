package outgoing_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"signalbox.internal/node/service"
)

// benchOp runs one operation over and over.
func benchOp(b *testing.B, box *box, op, args string) {
	b.Helper()
	run, call := box.Operations()[op], &service.Call{CID: "cid-12345"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := run(context.Background(), call, json.RawMessage(args)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHTTPRequest(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"id":7,"name":"x"}`))
	}))
	defer s.Close()
	benchOp(b, httpBox(b, s.URL, ""), "http.request", `{"connection":"crm","path":"/orders/{id}","params":{"id":7},"json":{"a":1}}`)
}

func BenchmarkSQLiteOne(b *testing.B) {
	box := sqliteBox(b, `,"init":["create table if not exists t (id integer primary key, name text)","insert or ignore into t values (7,'x')"]`)
	benchOp(b, box, "sql.one", `{"connection":"db","sql":"select id, name from t where id = :id","params":{"id":7}}`)
}
