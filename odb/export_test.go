package odb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// An export that is read back plans no change, and exported again it has the
// same bytes: for every kind, whatever is in it.
func TestExportPlansNoChange(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var defs []Definition
	for _, k := range Kinds() {
		for i := range 200 {
			g := guesser{rand.New(rand.NewPCG(seed, uint64(i))), 1000}
			raw, err := json.Marshal(g.object(Fields(k.New())))
			if err != nil {
				t.Fatal(err)
			}
			spec, err := Decode(k.Name, raw)
			if err != nil {
				continue // Validate knows more than the guesser
			}
			_ = EachSecret(spec, func(_ string, s *Secret) error { *s = SecretRef("sealed:o1.k.A+/=="); return nil })
			doc, err := Encode(spec)
			if err != nil {
				t.Fatal(err)
			}
			defs = append(defs, Definition{Kind: k.Name, Name: fmt.Sprintf("%d: é", i), Spec: doc, Version: 1})
		}
	}
	for kind, spec := range map[string]string{
		"channel":  `{"path":"/orders/{id}","service":"007","security":["yes","null"],"headers":{"X-V":"1.0","X-N":"# no"},"description":"a\n  b\n"}`,
		"security": `{"type":"jwt","algorithms":["ES256"],"public_keys":"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n","claims":{"a":"true"}}`,
		"outgoing": `{"url":"https://h/{id}?a=b#c","query":{"~":"=","":" "},"timeout":"1m30s","max_answer":"1000B"}`,
	} {
		decoded, err := Decode(kind, []byte(spec))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := Encode(decoded)
		if err != nil {
			t.Fatal(err)
		}
		defs = append(defs, Definition{Kind: kind, Name: "true", Spec: doc, Version: 1})
	}
	current, err := NewSnapshot(1, defs)
	if err != nil {
		t.Fatal(err)
	}
	text, err := FormatDocuments(current.List(""))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := ParseDocuments("export.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != len(defs) || len(docs) < 200 {
		t.Fatalf("%d definitions were exported as %d documents", len(defs), len(docs))
	}
	plan, err := NewPlan(PlanInput{Current: current, Documents: docs, Prune: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan {
		t.Errorf("the export plans to %s %s: %s", c.Op, c.Key(), c.Spec)
	}
	var again []Definition
	for _, d := range docs {
		spec, err := Decode(d.Kind, d.Spec)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := Encode(spec)
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, Definition{Kind: d.Kind, Name: d.Name, Spec: raw})
	}
	if second, err := FormatDocuments(again); err != nil || !bytes.Equal(text, second) {
		t.Errorf("the second export differs, %v", err)
	}
}
