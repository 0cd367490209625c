package odb_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func TestParseDSN(t *testing.T) {
	for text, want := range map[string]odb.DSN{
		"sqlite:odb.sqlite": {Kind: "sqlite", File: "odb.sqlite"},
		"sqlite:/a b/#1":    {Kind: "sqlite", File: "/a b/#1"},
		"postgres://app:s%2Fx%40:y@db/signalbox": {
			Kind: "postgres", User: "app", Password: "s/x@:y", Hosts: []string{"db:5432"}, Database: "signalbox",
		},
		"postgresql://app@db1:6432,[::1],10.0.0.1/a%20b?sslmode=require&pool=20": {
			Kind: "postgres", User: "app", Hosts: []string{"db1:6432", "[::1]:5432", "10.0.0.1:5432"}, Database: "a b",
			Options: map[string]string{"sslmode": "require", "pool": "20"},
		},
		"mysql://app:x@db:3307/signalbox?tls=true": {
			Kind: "mysql", User: "app", Password: "x", Hosts: []string{"db:3307"}, Database: "signalbox",
			Options: map[string]string{"tls": "true"},
		},
		"oracle://app:x@db1,db2:1522/ORCLPDB1.example?tls=true&pool=6": {
			Kind: "oracle", User: "app", Password: "x", Hosts: []string{"db1:1521", "db2:1522"}, Database: "ORCLPDB1.example",
			Options: map[string]string{"tls": "true", "pool": "6"},
		},
		"mysql://a:b@c@db/d": {Kind: "mysql", User: "a", Password: "b@c", Hosts: []string{"db:3306"}, Database: "d"},
	} {
		if got, err := odb.ParseDSN(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseDSN(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestParseDSNRefuses(t *testing.T) {
	for text, words := range map[string]string{
		"":                                   "not a DSN",
		"odb.sqlite":                         "not a DSN",
		"sqlite:":                            "names no file",
		"sqlite:a\x00b":                      "not a DSN",
		"oracle://u:planted@h":               "does not name one database",
		"oracle://u@h/d?WALLET=planted":      "other than connect_timeout, pool, tls, tls_ca",
		"db2://u:planted@h/d":                "does not speak",
		"planted:x":                          "does not speak",
		"postgres:u:planted@h/d":             "names no server",
		"postgres://u:planted@h":             "does not name one database",
		"postgres://u:planted@h/":            "does not name one database",
		"postgres://u:pla/nted@h/d":          "%2F",
		"postgres://u:%zzplanted@h/d":        "percent sign",
		"postgres://:planted@h/d":            "names no user",
		"postgres://h/d":                     "names no user",
		"postgres://u:planted@h:0/d":         "HOST:PORT",
		"postgres://u:planted@h:x/d":         "HOST:PORT",
		"postgres://u:planted@/d":            "HOST:PORT",
		"postgres://u:planted@h,/d":          "HOST:PORT",
		"mysql://u:planted@h,i/d":            "2 hosts",
		"mysql://u@h/d?password=planted":     "other than connect_timeout, pool, tls, tls_ca",
		"mysql://u:planted@h/d?tls=a&tls=b":  "twice",
		"postgres://u:planted@h/d?pool=1":    "at least 4",
		"postgres://u:planted@h/d?pool=many": "option pool",
		"postgres://u:planted@h/d?%":         "NAME=VALUE",
	} {
		_, err := odb.ParseDSN(text)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "nted@") {
			t.Errorf("ParseDSN(%q) = %v, want an error with %q and without what was given", text, err, words)
		}
	}
}

func TestDSNHidesItsPassword(t *testing.T) {
	d, err := odb.ParseDSN("postgres://app:planted@db/signalbox?sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{d, &d, []odb.DSN{d}} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "planted") || !strings.Contains(got, "signalbox") {
				t.Errorf("%s of %T is %s", verb, v, got)
			}
		}
	}
	if want := "postgres://app:•••@db:5432/signalbox?sslmode=require"; d.String() != want {
		t.Errorf("String() = %s, want %s", d, want)
	}
	if want := "db:5432/signalbox"; d.Where() != want {
		t.Errorf("Where() = %s, want %s", d.Where(), want)
	}
}

// FuzzParseDSN: what is taken names one place, and says it again without the password.
func FuzzParseDSN(f *testing.F) {
	for _, seed := range []string{"sqlite:x", "postgres://u:p@h:1,i/d?pool=9", "mysql://u:p%40@[::1]/d?tls=true", "mysql://@/?", "postgres://%", "oracle://u:p@h,[::1]:2/s.x?pool=9&tls=true"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := odb.ParseDSN(text)
		if err != nil {
			return
		}
		again, err := odb.ParseDSN(d.String())
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, d, err)
		}
		if d.Password != "" {
			again.Password = d.Password
		}
		if !reflect.DeepEqual(d, again) {
			t.Errorf("%q is written as %q", text, d)
		}
	})
}
