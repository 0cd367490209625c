package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// box makes a folder as a running node leaves it.
func box(t *testing.T, control string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"run/node.json":    `{"pid":1,"name":"box","control":"` + control + `","ca":"keys/ca.crt","more":"later"}`,
		"keys/local.token": "local\n",
		"keys/ca.crt":      "pem",
	} {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTarget(t *testing.T) {
	one, two := box(t, "https://one:1"), box(t, "https://two:2")
	caOf := func(dir string) string { return filepath.Join(dir, "keys", "ca.crt") }
	tests := map[string]struct {
		flags globalFlags
		env   map[string]string
		want  target
		code  int // of the error; 0: there is none
	}{
		"nothing":  {code: exitUsage},
		"dir":      {flags: globalFlags{dir: one}, want: target{urls: []string{"https://one:1"}, token: "local", ca: caOf(one)}},
		"url":      {flags: globalFlags{urls: []string{"https://x:1"}}, want: target{urls: []string{"https://x:1"}}},
		"dir flag": {flags: globalFlags{dir: one}, env: map[string]string{"SIGNALBOX_DIR": two, "SIGNALBOX_URL": "https://x:1"}, want: target{urls: []string{"https://one:1"}, token: "local", ca: caOf(one)}},
		"url flag before dir flag": {
			flags: globalFlags{urls: []string{"https://x:1"}, dir: one},
			want:  target{urls: []string{"https://x:1"}},
		},
		"variables": {
			env:  map[string]string{"SIGNALBOX_URL": "https://a:1,https://b:2", "SIGNALBOX_TOKEN": "t", "SIGNALBOX_CA": "ca.pem"},
			want: target{urls: []string{"https://a:1", "https://b:2"}, token: "t", ca: "ca.pem"},
		},
		"variable of the folder": {env: map[string]string{"SIGNALBOX_DIR": two}, want: target{urls: []string{"https://two:2"}, token: "local", ca: caOf(two)}},
		"token flag before all": {
			flags: globalFlags{dir: one, token: "flag", ca: "other.pem"}, env: map[string]string{"SIGNALBOX_TOKEN": "env", "SIGNALBOX_CA": "env.pem"},
			want: target{urls: []string{"https://one:1"}, token: "flag", ca: "other.pem"},
		},
		// A token in the environment may be meant for another cluster.
		"box's own token before the variable": {
			flags: globalFlags{dir: one}, env: map[string]string{"SIGNALBOX_TOKEN": "env"},
			want: target{urls: []string{"https://one:1"}, token: "local", ca: caOf(one)},
		},
		"no node runs":   {flags: globalFlags{dir: t.TempDir()}, code: exitUnreachable},
		"no such folder": {flags: globalFlags{dir: filepath.Join(one, "nope")}, code: exitUnreachable},
	}
	t.Chdir(t.TempDir())
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := newApp(Env{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, LookupEnv: func(key string) (string, bool) {
				v, ok := tc.env[key]
				return v, ok
			}})
			a.flags = tc.flags
			got, err := a.target()
			if exitCode(err) != tc.code {
				t.Fatalf("target() = %v (exit code %d), want exit code %d", err, exitCode(err), tc.code)
			}
			if err == nil && (strings.Join(got.urls, " ") != strings.Join(tc.want.urls, " ") || got.token != tc.want.token || got.ca != tc.want.ca) {
				t.Errorf("target() = %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestTargetInTheFolderOfUp(t *testing.T) {
	dir := box(t, "https://one:1")
	t.Chdir(filepath.Dir(dir))
	if err := os.Rename(dir, defaultDir); err != nil {
		t.Fatal(err)
	}
	a := newApp(Env{LookupEnv: func(string) (string, bool) { return "", false }})
	got, err := a.target()
	if err != nil || got.token != "local" || got.urls[0] != "https://one:1" {
		t.Errorf("target() = %+v, %v", got, err)
	}
}

func TestTargetOfAnotherUser(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("this user may read every file")
	}
	dir := box(t, "https://one:1")
	if err := os.Chmod(filepath.Join(dir, "keys"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "keys"), 0o700) })
	a := newApp(Env{LookupEnv: func(string) (string, bool) { return "", false }})
	a.flags.dir = dir
	if _, err := a.target(); exitCode(err) != exitNotAllowed {
		t.Errorf("target() = %v, want exit code %d", err, exitNotAllowed)
	}
}

func TestBrokenRunFile(t *testing.T) {
	for name, text := range map[string]string{"no JSON": "{", "no control address": "{}"} {
		dir := box(t, "https://one:1")
		if err := os.WriteFile(filepath.Join(dir, "run", "node.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a := newApp(Env{LookupEnv: func(string) (string, bool) { return "", false }})
		a.flags.dir = dir
		if _, err := a.target(); exitCode(err) != exitFailed {
			t.Errorf("%s: target() = %v", name, err)
		}
	}
}

func TestConnectRefuses(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(notPEM, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		flags globalFlags
		code  int
	}{
		"not a URL":       {globalFlags{urls: []string{"box"}}, exitUsage},
		"not encrypted":   {globalFlags{urls: []string{"http://far.example:8183"}}, exitUsage},
		"CA without PEM":  {globalFlags{urls: []string{"https://x:1"}, ca: notPEM}, exitFailed},
		"CA is not there": {globalFlags{urls: []string{"https://x:1"}, ca: notPEM + "y"}, exitFailed},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := newApp(Env{LookupEnv: func(string) (string, bool) { return "", false }})
			a.flags = tc.flags
			if c, err := a.connect(); err == nil || exitCode(err) != tc.code {
				t.Errorf("connect() = %v, %v (exit code %d), want exit code %d", c, err, exitCode(err), tc.code)
			}
		})
	}
}
