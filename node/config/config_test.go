package config

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the wanted answers anew")

// TestGolden reads testdata/*.good.toml and *.bad.toml. What is wanted stands in
// the .want file beside it: the settings that are not at their default, or the error.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) < 8 {
		t.Fatalf("found %d files in testdata: %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, FileName), text, 0o600); err != nil {
				t.Fatal(err)
			}
			got := describe(Load(dir, nil, nil))
			got = strings.ReplaceAll(got, filepath.Join(dir, FileName), name)
			if strings.Contains(got, "error:") != strings.HasSuffix(name, ".bad.toml") {
				t.Errorf("a bad file must give an error and a good one none, got:\n%s", got)
			}
			wantFile := strings.TrimSuffix(file, ".toml") + ".want"
			if *update {
				if err := os.WriteFile(wantFile, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func describe(_ Config, origins []Origin, err error) string {
	if err != nil {
		return "error:\n" + err.Error() + "\n"
	}
	var b strings.Builder
	for _, o := range origins {
		if o.From != "default" {
			fmt.Fprintf(&b, "%s=%s (%s %s)\n", o.Key, o.Value, o.From, o.Where)
		}
	}
	return b.String()
}

func TestPrecedence(t *testing.T) {
	tests := map[string]struct {
		file, env string
		flag      map[string]string
		want      string
		from      string
	}{
		"default":              {want: ":11223", from: "default "},
		"file":                 {file: ":1", want: ":1", from: "file FILE:1"},
		"environment":          {file: ":1", env: ":2", want: ":2", from: "environment SIGNALBOX_TRAFFIC"},
		"flag":                 {file: ":1", env: ":2", flag: map[string]string{"traffic": ":3"}, want: ":3", from: "flag --traffic"},
		"environment, no file": {env: ":2", want: ":2", from: "environment SIGNALBOX_TRAFFIC"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			if tc.file != "" {
				if err := os.WriteFile(path, fmt.Appendf(nil, "traffic = %q\n", tc.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// Every other variable is there but empty, which counts as not set.
			env := func(key string) (string, bool) {
				if key == "SIGNALBOX_TRAFFIC" {
					return tc.env, true
				}
				return "", true
			}
			cfg, origins, err := Load(dir, env, tc.flag)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(origins, func(o Origin) bool { return o.Key == "traffic" })
			from := strings.ReplaceAll(origins[i].From+" "+origins[i].Where, path, "FILE")
			if cfg.Traffic != tc.want || from != tc.from {
				t.Errorf("traffic = %q from %q, want %q from %q", cfg.Traffic, from, tc.want, tc.from)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	cfg, _, err := Load(dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Dir: dir, Name: hostName(), Cluster: "signalbox", Traffic: ":11223", Control: ":8183", Gossip: ":7946", GossipFree: true, Network: "wired", GossipUDP: true, Announce: true,
		ODB: "sqlite:" + filepath.Join(dir, "odb.sqlite"), LogLevel: "info", LogFormat: "text",
		DrainTimeout: 30 * time.Second, MaxHeader: 64 << 10, ReadHeaderTimeout: 10 * time.Second,
		ServiceTimeout: 30 * time.Second, ServiceMemory: 32 << 20, ServiceVMs: 64, ServiceVMsTotal: 256,
		DataFolder: filepath.Join(dir, "data"), DeployFolder: true, DeployEvery: time.Second,
	}
	if cfg != want {
		t.Errorf("Load() of an empty folder =\n%+v, want\n%+v", cfg, want)
	}
}

func TestRelativePaths(t *testing.T) {
	dir := t.TempDir()
	cfg, _, err := Load(dir, nil, map[string]string{"odb": "sqlite:data/x.sqlite", "traffic_tls_cert": "a.pem", "traffic_tls_key": "/b.key"})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "a.pem"); cfg.TrafficTLSCert != want || cfg.TrafficTLSKey != "/b.key" {
		t.Errorf("certificate %q and key %q, want %q and /b.key", cfg.TrafficTLSCert, cfg.TrafficTLSKey, want)
	}
	if want := "sqlite:" + filepath.Join(dir, "data", "x.sqlite"); cfg.ODB != want {
		t.Errorf("odb = %q, want %q", cfg.ODB, want)
	}
}

func TestFaultsOfAllPlacesAtOnce(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte("nam = 'x'\nlog_level = 'x'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(key string) (string, bool) {
		return "x", key == "SIGNALBOX_LOG_LEVEL" || key == "SIGNALBOX_DEPLOY_FOLDER"
	}
	_, _, err := Load(dir, env, map[string]string{"control": "x"})
	if err == nil {
		t.Fatal("Load() accepted faults")
	}
	for _, want := range []string{`node.toml:1: there is no setting "nam"`, "node.toml:2: log_level is", "SIGNALBOX_LOG_LEVEL is", "SIGNALBOX_DEPLOY_FOLDER is", "--control is"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, FileName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(dir, nil, nil); err == nil || !strings.Contains(err.Error(), "read settings") {
		t.Errorf("Load() of a folder in place of the file = %v", err)
	}
}

// The template, as it is and with every line uncommented, must give the defaults.
func TestTemplateGivesDefaults(t *testing.T) {
	text, err := Template(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"as it is": string(text), "uncommented": uncomment(string(text))} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			got, origins, err := Load(dir, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, _, err := Load(t.TempDir(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			want.Dir, want.ODB, want.DataFolder = got.Dir, got.ODB, got.DataFolder
			want.GossipFree = name == "as it is" // a port that is set is not exchanged
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			for _, o := range origins {
				if fromFile := o.From == "file"; fromFile != (name == "uncommented") {
					t.Errorf("%s is from %s", o.Key, o.From)
				}
			}
		})
	}
}

// uncomment sets every "# key = value" line.
func uncomment(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if key, _, ok := strings.Cut(strings.TrimPrefix(l, "# "), " = "); ok && known(key) {
			lines[i] = strings.TrimPrefix(l, "# ")
		}
	}
	return strings.Join(lines, "\n")
}

func TestWriteTemplate(t *testing.T) {
	dir := t.TempDir()
	values := map[string]string{"name": "box1", "traffic": "127.0.0.1:0", "service_vms": "9"}
	if err := WriteTemplate(dir, values); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := Load(dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Name != "box1" || cfg.Traffic != "127.0.0.1:0" || cfg.ServiceVMs != 9 {
		t.Errorf("Load() after WriteTemplate() = %+v", cfg)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode is %v, others may read it", info.Mode())
	}
	if err := WriteTemplate(dir, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("WriteTemplate() over a file = %v, want fs.ErrExist", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	if !Exists(dir) || Exists(t.TempDir()) {
		t.Error("Exists() is wrong")
	}
}

func TestTemplateRefuses(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"unknown key": {"nam": "x"},
		"bad value":   {"traffic": "x"},
	} {
		if text, err := Template(values); err == nil {
			t.Errorf("%s: accepted:\n%s", name, text)
		}
	}
}

func TestEverySettingIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Settings() {
		if s.Help == "" || s.Env != "SIGNALBOX_"+strings.ToUpper(s.Key) || seen[s.Key] {
			t.Errorf("setting %+v: no help, a wrong variable, or there twice", s)
		}
		seen[s.Key] = true
	}
	if len(seen) < 15 {
		t.Errorf("there are only %d settings", len(seen))
	}
}

// A server's DSN comes through as it is, and only its password is hidden.
func TestServerDSN(t *testing.T) {
	const dsn = "postgres://app:hunter%2F2@db1,db2:5433/signalbox?sslmode=verify-full"
	cfg, origins, err := Load(t.TempDir(), nil, map[string]string{"odb": dsn})
	if err != nil || cfg.ODB != dsn {
		t.Fatalf("odb = %q, %v", cfg.ODB, err)
	}
	for _, o := range origins {
		if strings.Contains(o.Value+o.Where, "hunter") {
			t.Errorf("the origin of %s shows the password: %+v", o.Key, o)
		}
		if o.Key == "odb" && o.Value != "postgres://app:•••@db1,db2:5433/signalbox?sslmode=verify-full" {
			t.Errorf("odb is shown as %q", o.Value)
		}
	}
}

func TestHideCredentials(t *testing.T) {
	for in, want := range map[string]string{
		"sqlite:/x":                                     "sqlite:/x",
		"postgres://u:secret@h/db":                      "postgres://u:•••@h/db",
		"postgres://u@h/db":                             "postgres://u:•••@h/db",
		"postgres://h/db?pool=4":                        "postgres://h/db?pool=4",
		"mysql://u:se/cr@et@h/db":                       "mysql://u:•••@h/db",
		"postgres://u:secret@h1:5432,h2:5433/db?pool=4": "postgres://u:•••@h1:5432,h2:5433/db?pool=4",
		":11223": ":11223",
	} {
		if got := hideCredentials(in); got != want {
			t.Errorf("hideCredentials(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzParseFile: whatever a file holds, every key is either read or reported,
// and nothing panics.
func FuzzParseFile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("[[name]]\nx=1\n[name.y]\n")
	f.Add(`"na\u006de" = "x"`)
	f.Fuzz(func(t *testing.T, text string) {
		entries, faults := parseFile("f", []byte(text))
		if len(entries) == 0 && len(faults) == 0 && strings.Contains(stripComments(text), "=") {
			t.Errorf("a key was dropped in silence")
		}
		for key, e := range entries {
			for _, s := range settings() {
				if s.key != key {
					continue
				}
				field := s.field(&Config{})
				if v, err := tomlText(field, e.value); err == nil {
					_ = field.set(v)
				}
			}
		}
	})
}

func stripComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, "#")
		b.WriteString(code)
	}
	return b.String()
}
