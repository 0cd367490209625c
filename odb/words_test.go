package odb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "orders.create", "A b", "x@y+z:(1)-_", "Zażółć gęślą", "漢字", "1", "é", "न\u093c", strings.Repeat("é", odb.MaxName)} {
		if err := odb.CheckName(odb.CleanName(name)); err != nil {
			t.Errorf("CheckName(%q): %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"":                                 "empty",
		" a":                               "blanks around it",
		"a\t":                              "blanks around it",
		"e\u0301":                          "NFC",
		".a":                               "starts with",
		"-a":                               "starts with",
		"\u0301a":                          "starts with",
		"a/b":                              "'/' at 1",
		"a\nb":                             `'\n' at 1`,
		"a~b":                              "'~'",
		"a\u200bb":                         "'\\u200b'",
		"a\xffb":                           "'�'",
		"😀":                                "starts with",
		strings.Repeat("é", odb.MaxName+1): "more than 150",
	} {
		if err := odb.CheckName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckName(%q) = %v, want an error with %q", name, err, want)
		}
	}
	if got := odb.CleanName("\u00a0 e\u0301 \n"); got != "é" {
		t.Errorf("CleanName() = %q", got)
	}
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	for range 10_000 {
		id := odb.NewID()
		if !odb.IsID(id) || seen[id] {
			t.Fatalf("NewID() = %q", id)
		}
		seen[id] = true
		if id[:8] < last {
			t.Fatalf("the id %s is older than %s", id, last)
		}
		last = id[:8]
	}
	for _, s := range []string{"", "x", strings.Repeat("a", 25), strings.Repeat("a", 27), strings.Repeat("i", 26), strings.ToUpper(odb.NewID()), strings.Repeat("é", 13)} {
		if odb.IsID(s) {
			t.Errorf("IsID(%q)", s)
		}
	}
}

func TestQuantities(t *testing.T) {
	for text, want := range map[string]string{
		"250ms": "250ms", "2s": "2s", "90s": "1m30s", "60s": "1m", "1h0m0s": "1h", "10m": "10m", "20h": "20h", "1h10m": "1h10m", "1h0m5s": "1h0m5s", "0": "0s", "1.5h": "1h30m", "1us": "1µs", "100h": "100h",
		"-1s": "negative", "5": "not a duration", "": "not a duration", "1d": "not a duration", "9999999h": "not a duration",
	} {
		d, err := odb.ParseDuration(text)
		if err != nil && !strings.Contains(err.Error(), want) || err == nil && d.String() != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %s", text, d, err, want)
		}
	}
	for text, want := range map[string]string{
		"0": "0B", "5": "5B", "4096": "4KiB", "1MiB": "1MiB", "500 kB": "500000B", "1GB": "1000000000B", "2GiB": "2GiB", "1024 KiB": "1MiB", " 7 B ": "7B",
		"": "not a size", "-1": "not a size", "1.5MiB": "not a size", "1mib": "not a size", "9223372036854775807GiB": "not a size", "B": "not a size", "1KiBKiB": "not a size",
	} {
		s, err := odb.ParseSize(text)
		if err != nil && !strings.Contains(err.Error(), want) || err == nil && s.String() != want {
			t.Errorf("ParseSize(%q) = %v, %v; want %s", text, s, err, want)
		}
	}
	for range 10_000 {
		n := rand.Int64() >> rand.IntN(63)
		if d, err := odb.ParseDuration(odb.Duration(n).String()); err != nil || d != odb.Duration(n) {
			t.Fatalf("the duration %d was written as %s and read as %d, %v", n, odb.Duration(n), d, err)
		}
		if s, err := odb.ParseSize(odb.Size(n).String()); err != nil || s != odb.Size(n) {
			t.Fatalf("the size %d was written as %s and read as %d, %v", n, odb.Size(n), s, err)
		}
	}
	var v struct {
		D odb.Duration
		S odb.Size
	}
	if err := json.Unmarshal([]byte(`{"D":"1m","S":5}`), &v); err != nil || v.D.Std() != time.Minute || v.S != 5 {
		t.Errorf("read %+v, %v", v, err)
	}
	for _, raw := range []string{`{"D":5}`, `{"D":"x"}`, `{"S":true}`, `{"S":1.5}`} {
		if err := json.Unmarshal([]byte(raw), &v); err == nil {
			t.Errorf("%s was read as %+v", raw, v)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := fmt.Errorf("open: %w", fs.ErrNotExist)
	for want, err := range map[string]error{
		"update channel/a: open: file does not exist": odb.Errorf(odb.NotFound, "update", "channel/a", "%w", cause),
		"update: /a: bad; worse":                      odb.Faults{{Pointer: "/a", Message: "bad"}, {Message: "worse"}}.Err("update", ""),
		"load: unavailable":                           &odb.Error{Op: "load", Kind: odb.Unavailable},
	} {
		if err.Error() != want {
			t.Errorf("the error reads %q, want %q", err, want)
		}
	}
	err := fmt.Errorf("apply: %w", odb.Errorf(odb.Conflict, "update", "x", "%w", cause))
	if odb.KindOf(err) != odb.Conflict || !errors.Is(err, fs.ErrNotExist) || odb.KindOf(cause) != odb.Internal {
		t.Errorf("KindOf() = %v", odb.KindOf(err))
	}
	if odb.Faults(nil).Err("a", "b") != nil {
		t.Error("no faults are an error")
	}
	if in := (odb.Faults{{Pointer: "/a", Message: "m"}}).In("/spec"); in[0].Pointer != "/spec/a" {
		t.Errorf("In() = %+v", in)
	}
	var words []string
	for k := odb.Internal; k <= odb.Unavailable; k++ {
		words = append(words, k.String())
	}
	if got := strings.Join(words, " "); got != "internal invalid not_found conflict denied unavailable" {
		t.Errorf("the kinds are %s", got)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"method", "path", "service", "max_in_flight"}
	for word, want := range map[string]string{"metod": "method", "pth": "path", "sevrice": "service", "max_in_fligth": "max_in_flight", "zzz": "", "methodically": "", "": ""} {
		if got := odb.Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestSnapshot(t *testing.T) {
	s := snapshot(t, `1 channel c {"path":"/c","service":"s","security":["x"]}`, `2 service s {"engine":"go"}`, `3 security x {"username":"u","password":{"ref":"env:P"}}`,
		`4 channel b {"path":"/b","service":"s"}`, `5 outgoing o {"url":"https://h/","security":"x"}`)
	var order []string
	for d := range s.All() {
		order = append(order, d.Key())
	}
	if got := strings.Join(order, " "); got != "security/x service/s outgoing/o channel/b channel/c" || s.Len() != 5 || s.Revision() != 7 {
		t.Errorf("the order is %s", got)
	}
	if d, ok := s.Get("channel", "b"); !ok || d.ID != "4" {
		t.Errorf("Get() = %+v, %v", d, ok)
	}
	if _, ok := s.Get("channel", "x"); ok || len(s.List("channel")) != 2 || len(s.List("")) != 5 || len(s.List("nothing")) != 0 {
		t.Error("Get or List finds what is not there")
	}
	if c, ok := odb.Find[*odb.ChannelSpec](s, "channel", "c"); !ok || c.Path != "/c" {
		t.Errorf("Find() = %+v, %v", c, ok)
	}
	if _, ok := odb.Find[*odb.ServiceSpec](s, "channel", "c"); ok {
		t.Error("Find gives a channel as a service")
	}
	if each := odb.Each[*odb.ChannelSpec](s); len(each) != 2 || each[0].Name != "b" || each[0].S.Path != "/b" {
		t.Errorf("Each() = %+v", each)
	}
	if r := s.Referrers("security", "x"); len(r) != 2 || r[0].Name != "o" || r[1].Name != "c" {
		t.Errorf("Referrers() = %+v", r)
	}
}

// What a program cannot read is told, and nothing is dropped.
func TestSnapshotOfUnreadable(t *testing.T) {
	s, err := odb.NewSnapshot(1, []odb.Definition{
		{Kind: "channel", Name: "bad", Spec: []byte(`{"future":1}`)}, {Kind: "job", Name: "j", Spec: []byte(`{}`)}, {Kind: "balancer", Name: "b", Spec: []byte(`{}`)},
	})
	if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), "channel/bad") || !strings.Contains(err.Error(), "job/j") {
		t.Errorf("NewSnapshot() = %v", err)
	}
	if _, ok := s.Get("channel", "bad"); !ok || s.Len() != 3 {
		t.Error("the definition is dropped")
	}
	if _, ok := odb.Find[odb.Spec](s, "channel", "bad"); ok || len(s.Referrers("service", "x")) != 0 || len(odb.Each[odb.Spec](s)) != 1 {
		t.Error("there is a spec of what cannot be read")
	}
}

func TestRefs(t *testing.T) {
	spec, err := odb.Decode("channel", []byte(`{"path":"/c","service":"s","security":["x","y"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(odb.Refs(spec)); got != "[{/service service s} {/security/0 security x} {/security/1 security y}]" {
		t.Errorf("Refs() = %s", got)
	}
	swap := func(kind, name string) string {
		return map[string]string{"security/x": "y", "security/y": "x"}[kind+"/"+name] + map[string]string{"service": name}[kind]
	}
	if !odb.MapRefs(spec, swap) {
		t.Error("MapRefs changed nothing")
	}
	if raw, err := odb.Encode(spec); err != nil || string(raw) != `{"path":"/c","service":"s","security":["y","x"]}` {
		t.Errorf("swapped, it is %s, %v", raw, err)
	}
	if odb.MapRefs(spec, func(_, name string) string { return name }) {
		t.Error("MapRefs says that it changed something")
	}
}

func TestClaims(t *testing.T) {
	a := &odb.ChannelSpec{Enabled: true, Method: "GET", Path: "/a/{x}"}
	b := &odb.ChannelSpec{Enabled: true, Method: "GET", Path: "/a/{y}"}
	if got := fmt.Sprint(a.Claims(), b.Claims()); got != "[answers GET /a/{}] [answers GET /a/{}]" {
		t.Errorf("Claims() = %s", got)
	}
	b.Enabled = false
	if len(b.Claims()) != 0 {
		t.Errorf("a disabled channel claims %v", b.Claims())
	}
	for _, k := range odb.Kinds() {
		if k.Title == "" || !strings.HasSuffix(k.Help, ".") {
			t.Errorf("%+v is not described", k)
		}
	}
}
