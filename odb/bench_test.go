package odb_test

import (
	"fmt"
	"testing"

	"signalbox.internal/odb"
)

const channelSpec = `{"method":"POST","path":"/orders/{id}/lines/{line}","service":"orders.create","security":["partners","staff"],"rate_limit":{"requests":100,"by":"ip"},"description":"takes orders"}`

func BenchmarkDecode(b *testing.B) {
	for b.Loop() {
		if _, err := odb.Decode("channel", []byte(channelSpec)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	spec, err := odb.Decode("channel", []byte(channelSpec))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := odb.Encode(spec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewSnapshot(b *testing.B) {
	defs := make([]odb.Definition, 5000)
	for i := range defs {
		defs[i] = odb.Definition{Kind: "channel", Name: fmt.Sprintf("c%04d", i), Spec: []byte(channelSpec)}
	}
	for b.Loop() {
		if _, err := odb.NewSnapshot(1, defs); err != nil {
			b.Fatal(err)
		}
	}
}
