package odb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// However a secret in clear is printed, it does not show.
func TestSecretNeverShows(t *testing.T) {
	const clear = "hunter2-hunter2"
	s := odb.ClearSecret(clear)
	spec := &odb.SecuritySpec{Type: "basic", Username: "u", Password: s}
	var log bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&log, nil)), slog.New(slog.NewJSONHandler(&log, nil))} {
		l.InfoContext(t.Context(), "secret", "secret", s, "pointer", &s, "any", []any{s}, "spec", spec)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%v %[1]T"} {
		fmt.Fprintf(&log, format, s)
		fmt.Fprintf(&log, format, &s)
		fmt.Fprintf(&log, format, *spec)
		fmt.Fprintf(&log, format, []odb.Secret{s})
	}
	for _, v := range []any{s, &s, spec, map[string]any{"a": s}} {
		b, err := json.Marshal(v)
		if err == nil {
			t.Errorf("%T was marshalled as %s", v, b)
		}
		fmt.Fprint(&log, err, string(b))
	}
	hex := fmt.Sprintf("%x", clear)
	for _, bad := range []string{clear, hex, strings.ToUpper(hex), "hunter2"} {
		if strings.Contains(log.String(), bad) {
			t.Errorf("the secret shows as %s:\n%s", bad, log.String())
		}
	}
	if !strings.Contains(log.String(), "•••") {
		t.Error("nothing was printed")
	}
	if s.Clear() != clear || s.Ref() != "" || s.IsZero() {
		t.Error("the secret is lost")
	}
}

func TestSecretReferences(t *testing.T) {
	for raw, want := range map[string]string{
		`{"ref":"env:NAME"}`:      "env:NAME",
		`{"ref":"file:/x:y"}`:     "file:/x:y",
		`{"ref":"sealed:o1.k.A"}`: "sealed:o1.k.A",
		`{"ref":"cred:db_pw.1"}`:  "cred:db_pw.1",
		`{"ref":"cred:"}`:         "error",
		`{"ref":"cred:."}`:        "error",
		`{"ref":"cred:.."}`:       "error",
		`{"ref":"cred:a/b"}`:      "error",
		`{"ref":"cred:../x"}`:     "error",
		`{"ref":"cred:a\\b"}`:     "error",
		`{"ref":"cred:a\n"}`:      "error",
		`null`:                    "",
		`{"ref":""}`:              "error",
		`{"ref":"env:"}`:          "error",
		`{"ref":"x"}`:             "error",
		`{"ref":"x:y"}`:           "error",
		`{"ref":5}`:               "error",
		`{"ref":"env:A","b":""}`:  "error",
		`{}`:                      "error",
		`[]`:                      "error",
		`5`:                       "error",
	} {
		var s odb.Secret
		err := json.Unmarshal([]byte(raw), &s)
		if (err != nil) != (want == "error") || err == nil && (s.Ref() != want || s.Clear() != "") {
			t.Errorf("%s was read as %q, %v; want %q", raw, s.Ref(), err, want)
		}
		if back, err := json.Marshal(s); err != nil || want != "error" && string(back) != raw {
			t.Errorf("%s was written as %s, %v", raw, back, err)
		}
	}
	if s := (odb.Secret{}); s.String() != "" || !s.IsZero() || odb.SecretRef("env:A").String() != "•••" {
		t.Error("a secret that is not set shows, or a reference does")
	}
}

func TestEachSecret(t *testing.T) {
	spec, err := odb.Decode("outgoing", []byte(`{"url":"https://h/","tls":{"cert":"c","key":"k"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	err = odb.EachSecret(spec, func(pointer string, s *odb.Secret) error {
		seen = append(seen, pointer+"="+s.Clear())
		*s = odb.SecretRef("env:K")
		return nil
	})
	if err != nil || strings.Join(seen, ",") != "/tls/key=k" {
		t.Errorf("EachSecret visits %v, %v", seen, err)
	}
	if raw, err := odb.Encode(spec); err != nil || string(raw) != `{"url":"https://h/","tls":{"cert":"c","key":{"ref":"env:K"}}}` {
		t.Errorf("after the visit it is %s, %v", raw, err)
	}
	if err := odb.EachSecret(spec, func(string, *odb.Secret) error { return fmt.Errorf("stop") }); err == nil {
		t.Error("the visit's error is lost")
	}
}
