package cluster_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"signalbox.internal/cluster"
)

var someCA = strings.Repeat("ab", 32)

func TestJoinTokenRoundTrip(t *testing.T) {
	t.Parallel()
	want := cluster.NewJoinToken(someCA, []string{"10.0.0.1:8183", "[fe80::1]:8183", "box.example:9000"})
	text, err := want.Text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := cluster.ParseJoinToken("  " + text + "\n")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %#v, %v", got, err)
	}
	for _, shown := range []string{fmt.Sprint(want), fmt.Sprintf("%+v %#v", want, want)} {
		if strings.Contains(shown, want.Secret) {
			t.Errorf("printing shows the secret: %s", shown)
		}
	}
	if other := cluster.NewJoinToken(someCA, want.Addresses); other.Secret == want.Secret || other.ID == want.ID {
		t.Error("two tokens have the same secret or id")
	}
}

func TestJoinTokenRefused(t *testing.T) {
	t.Parallel()
	good, err := cluster.NewJoinToken(someCA, []string{"10.0.0.1:8183"}).Text()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "foreign": "K10abc::server:def", "cut": good[:len(good)-3], "slip": good[:20] + "zz" + good[22:],
		"mark only": "sbj_", "not base 64": "sbj_!!!!",
	} {
		if _, err := cluster.ParseJoinToken(text); err == nil {
			t.Errorf("%s: taken", name)
		} else if len(text) > 10 && strings.Contains(err.Error(), text[4:]) {
			t.Errorf("%s: the error repeats the token", name)
		}
	}
	for name, bad := range map[string]cluster.JoinToken{
		"no address": cluster.NewJoinToken(someCA, nil), "no hash": cluster.NewJoinToken("", []string{"a:1"}),
	} {
		if _, err := bad.Text(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func FuzzParseJoinToken(f *testing.F) {
	good, err := cluster.NewJoinToken(someCA, []string{"10.0.0.1:8183"}).Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("sbj_")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := cluster.ParseJoinToken(text)
		if err != nil {
			return
		}
		again, err := token.Text()
		if err != nil {
			t.Fatalf("a token that was read cannot be written: %v", err)
		}
		if back, err := cluster.ParseJoinToken(again); err != nil || !reflect.DeepEqual(back, token) {
			t.Fatalf("%v, %v", back, err)
		}
	})
}
