package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("parse rates: %w", New("xml.syntax", "line %d", 3).With(map[string]int{"line": 3}))
	if Code(err) != "xml.syntax" || err.Error() != "parse rates: xml.syntax: line 3" {
		t.Errorf("code %q of %v", Code(err), err)
	}
	e, _ := errors.AsType[*Error](err)
	if out, err := json.Marshal(e); string(out) != `{"code":"xml.syntax","message":"line 3","details":{"line":3}}` || err != nil {
		t.Errorf("got %s, %v", out, err)
	}
	if Code(errors.New("other")) != "" || Code(nil) != "" {
		t.Error("errors of others have a code")
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	if err := Context(ctx); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	cancel()
	if err := Context(ctx); Code(err) != Deadline || !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"x\n": `"x\n"`, strings.Repeat("x", 60): `"` + strings.Repeat("x", 60) + `"`,
		strings.Repeat("x", 61): `"` + strings.Repeat("x", 60) + `"…`, strings.Repeat("x", 59) + "łłł": `"` + strings.Repeat("x", 59) + `"…`,
	} {
		if got := Quote(in); got != want || !utf8.ValidString(got) {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
	if got := Quote(strings.Repeat("\xbf", 100)); len(got) > 300 {
		t.Errorf("broken text gives %d bytes", len(got))
	}
}
