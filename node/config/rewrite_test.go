package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetODB(t *testing.T) {
	t.Parallel()
	const dsn = `postgres://me:p"w\d@db/x`
	const literal = `"postgres://me:p\"w\\d@db/x"`
	template, err := Template(map[string]string{"name": "box"})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ text, want string }{
		"set":          {"# a\nname = 'b'\nodb = \"sqlite:x\" # mine\n", "# a\nname = 'b'\nodb = " + literal + " # mine\n"},
		"in quotes":    {"odb='sqlite:x'", "odb=" + literal},
		"with escapes": {`odb = "sqlite:\"x"` + "\n", "odb = " + literal + "\n"},
		"not there":    {"name = 'b'\n", "odb = " + literal + "\nname = 'b'\n"},
		"empty":        {"", "odb = " + literal + "\n"},
		"template":     {string(template), strings.Replace(string(template), "# odb = \"sqlite:odb.sqlite\"", "# odb = \"sqlite:odb.sqlite\"\nodb = "+literal, 1)},
	} {
		got, err := withODB([]byte(test.text), dsn)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s (%v)", name, got, test.want, err)
		}
	}
	for name, text := range map[string]string{
		"a text of lines": "name = \"\"\"\nodb = 'x'\n\"\"\"\n",
		"lines itself":    "odb = \"\"\"\nx\"\"\"\n",
		"not TOML":        "odb = ",
	} {
		if got, err := withODB([]byte(text), dsn); err == nil {
			t.Errorf("%s: got %s", name, got)
		}
	}
	dir := t.TempDir()
	if err := SetODB(dir, dsn); err == nil {
		t.Error("a missing file was changed")
	}
	if err := WriteTemplate(dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := SetODB(dir, dsn); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := Load(dir, nil, map[string]string{"odb": "sqlite:x"})
	if err != nil || cfg.ODB != "sqlite:"+filepath.Join(dir, "x") {
		t.Errorf("a flag does not win: %s, %v", cfg.ODB, err)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
}
