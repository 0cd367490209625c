package security

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

func newSealer(tb testing.TB, env map[string]string) *Sealer {
	tb.Helper()
	s, err := NewSealer(SealerConfig{Keyring: newRing(tb), Lookup: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func basicSpec(password odb.Secret) *odb.SecuritySpec {
	return &odb.SecuritySpec{Type: "basic", Enabled: true, Username: "u", Password: password}
}

func TestSealReplacesClearText(t *testing.T) {
	t.Parallel()
	s := newSealer(t, nil)
	spec := basicSpec(odb.ClearSecret("hunter22"))
	if err := s.Seal("security", "partner", spec, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(spec.Password.Ref(), "sealed:o1.") || spec.Password.Clear() != "" {
		t.Errorf("password = %q with clear text %q", spec.Password.Ref(), spec.Password.Clear())
	}
	if _, err := odb.Encode(spec); err != nil {
		t.Errorf("encode a sealed spec: %v", err)
	}
	got, err := s.Open("security", "partner", "/password", spec.Password)
	if err != nil || got != "hunter22" {
		t.Errorf("Open() = %q, %v", got, err)
	}
}

func TestSealedSecretOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	s := newSealer(t, nil)
	spec := basicSpec(odb.ClearSecret("hunter22"))
	if err := s.Seal("security", "partner", spec, nil); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string][3]string{
		"other kind":    {"outgoing", "partner", "/password"},
		"other name":    {"security", "partner2", "/password"},
		"other pointer": {"security", "partner", "/key"},
		"shifted":       {"security", "partner\x00", "/password"},
	} {
		if got, err := s.Open(at[0], at[1], at[2], spec.Password); err == nil || got != "" {
			t.Errorf("%s: Open() = %q, %v", name, got, err)
		}
	}
	stolen := basicSpec(spec.Password)
	err := s.Seal("security", "thief", stolen, nil)
	if odb.KindOf(err) != odb.Invalid || !strings.Contains(err.Error(), "/password") {
		t.Errorf("Seal() of a reference from elsewhere = %v", err)
	}
}

func TestSealKeepsWhatDidNotChange(t *testing.T) {
	t.Parallel()
	s := newSealer(t, map[string]string{"PW": "hunter22"})
	stored := basicSpec(odb.ClearSecret("hunter22"))
	if err := s.Seal("security", "partner", stored, nil); err != nil {
		t.Fatal(err)
	}
	lost := basicSpec(odb.SecretRef("sealed:o1.deadbeef.AAAA"))
	tests := map[string]struct {
		next, current *odb.SecuritySpec
		same          bool
	}{
		"same text":                  {basicSpec(odb.ClearSecret("hunter22")), stored, true},
		"other text":                 {basicSpec(odb.ClearSecret("hunter23")), stored, false},
		"same reference":             {basicSpec(stored.Password), stored, true},
		"unreadable same reference":  {basicSpec(lost.Password), lost, true},
		"unreadable, now clear":      {basicSpec(odb.ClearSecret("hunter22")), lost, false},
		"variable, now clear":        {basicSpec(odb.ClearSecret("hunter22")), basicSpec(odb.SecretRef("env:PW")), false},
		"exported, definition anew":  {basicSpec(stored.Password), nil, false},
		"clear now variable":         {basicSpec(odb.SecretRef("env:PW")), stored, false},
		"definition had no password": {basicSpec(odb.ClearSecret("hunter22")), basicSpec(odb.Secret{}), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var current odb.Spec
			before := odb.Secret{}
			if tc.current != nil {
				current, before = tc.current, tc.current.Password
			}
			if err := s.Seal("security", "partner", tc.next, current); err != nil {
				t.Fatal(err)
			}
			if got := tc.next.Password == before; got != tc.same {
				t.Errorf("kept = %t, want %t", got, tc.same)
			}
		})
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	s := newSealer(t, nil)
	empty, err := s.seal("security", "partner", "/password", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]odb.Secret{
		"empty but sealed": empty,
		"other cluster":    odb.SecretRef("sealed:o1.deadbeef.AAAA"),
		"garbage":          odb.SecretRef("sealed:x"),
	} {
		err := s.Seal("security", "partner", basicSpec(secret), nil)
		e, ok := errors.AsType[*odb.Error](err)
		if !ok || e.Kind != odb.Invalid || len(e.Faults) != 1 || e.Faults[0].Pointer != "/password" {
			t.Errorf("%s: Seal() = %v", name, err)
		}
	}
}

func TestReseal(t *testing.T) {
	t.Parallel()
	s := newSealer(t, nil)
	spec := &odb.OutgoingSpec{Type: "http", TLS: odb.TLSRules{Cert: "x", Key: odb.ClearSecret("pem")}, Password: odb.SecretRef("env:PW")}
	if err := s.Seal("outgoing", "old", spec, nil); err != nil {
		t.Fatal(err)
	}
	before := spec.TLS.Key
	rotated, err := s.ring.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reseal("outgoing", "old", "new", spec); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open("outgoing", "new", "/tls/key", spec.TLS.Key); err != nil || got != "pem" {
		t.Errorf("Open() under the new name = %q, %v", got, err)
	}
	if _, err := s.Open("outgoing", "old", "/tls/key", spec.TLS.Key); err == nil {
		t.Error("it still opens under the old name")
	}
	if spec.TLS.Key == before || !strings.HasPrefix(spec.TLS.Key.Ref(), "sealed:o1."+rotated+".") {
		t.Errorf("sealed with %.20s, want the new primary %s", spec.TLS.Key.Ref(), rotated)
	}
	if spec.Password.Ref() != "env:PW" {
		t.Errorf("the variable became %q", spec.Password.Ref())
	}
	if err := s.Reseal("outgoing", "old", "newer", spec); odb.KindOf(err) != odb.Invalid {
		t.Errorf("Reseal() of what does not open = %v", err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir, creds := t.TempDir(), t.TempDir()
	s := newSealer(t, map[string]string{"PW": "from-env", "EMPTY": "", "CREDENTIALS_DIRECTORY": creds})
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(creds, "pw"), []byte("from-systemd\n"), 0o400))
	must(os.Mkdir(filepath.Join(creds, "dir"), 0o700))
	must(os.Symlink(file("outside", "x"), filepath.Join(creds, "out")))
	link := filepath.Join(dir, "link")
	if err := os.Symlink(s.ring.Path(), link); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		secret odb.Secret
		want   string
		fault  string // in the error
	}{
		"clear":               {odb.ClearSecret("abc"), "abc", ""},
		"none":                {odb.Secret{}, "", "empty"},
		"variable":            {odb.SecretRef("env:PW"), "from-env", ""},
		"no variable":         {odb.SecretRef("env:NOPE"), "", "NOPE is not set"},
		"empty variable":      {odb.SecretRef("env:EMPTY"), "", "empty"},
		"file":                {odb.SecretRef("file:" + file("a", "from-file")), "from-file", ""},
		"file with line end":  {odb.SecretRef("file:" + file("b", "from-file\n")), "from-file", ""},
		"file with CRLF":      {odb.SecretRef("file:" + file("c", "two\n\r\n")), "two\n", ""},
		"empty file":          {odb.SecretRef("file:" + file("d", "\n")), "", "empty"},
		"large file":          {odb.SecretRef("file:" + file("e", strings.Repeat("x", maxSecretFile+1))), "", "more than"},
		"no file":             {odb.SecretRef("file:/nonexistent/x"), "", "no such file"},
		"folder":              {odb.SecretRef("file:" + dir), "", "not a plain file"},
		"relative":            {odb.SecretRef("file:x"), "", "absolute"},
		"the key ring":        {odb.SecretRef("file:" + s.ring.Path()), "", "own keys"},
		"a link to the ring":  {odb.SecretRef("file:" + link), "", "own keys"},
		"dots to the ring":    {odb.SecretRef("file:" + filepath.Dir(s.ring.Path()) + "/../keys/secrets.keys"), "", "own keys"},
		"credential":          {odb.SecretRef("cred:pw"), "from-systemd", ""},
		"no credential":       {odb.SecretRef("cred:other"), "", "LoadCredential=other:"},
		"credential folder":   {odb.SecretRef("cred:dir"), "", "not a plain file"},
		"credential link out": {odb.SecretRef("cred:out"), "", "escapes"},
		"credential dots":     {odb.SecretRef("cred:../a"), "", "escapes"},
		"unknown scheme":      {odb.SecretRef("vault:x"), "", "unknown scheme"},
		"sealed, but garbage": {odb.SecretRef("sealed:xyz"), "", "form"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.Open("security", "partner", "/password", tc.secret)
			if got != tc.want || (err == nil) != (tc.fault == "") {
				t.Fatalf("Open() = %q, %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.fault) || !strings.Contains(err.Error(), "security/partner")) {
				t.Errorf("error %q, want it to tell %q and the definition", err, tc.fault)
			}
		})
	}
}

func TestCredentialOutsideOfSystemd(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{"not set": nil, "empty": {"CREDENTIALS_DIRECTORY": ""}} {
		_, err := newSealer(t, env).Open("security", "partner", "/password", odb.SecretRef("cred:pw"))
		if err == nil || !strings.Contains(err.Error(), "CREDENTIALS_DIRECTORY is not set") || !strings.Contains(err.Error(), "LoadCredential=pw:") {
			t.Errorf("%s: %v", name, err)
		}
	}
	env := map[string]string{"CREDENTIALS_DIRECTORY": filepath.Join(t.TempDir(), "gone")}
	if _, err := newSealer(t, env).Open("security", "partner", "/password", odb.SecretRef("cred:pw")); err == nil || !strings.Contains(err.Error(), "folder of credentials") {
		t.Errorf("a folder that is gone: %v", err)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	s := newSealer(t, nil)
	spec := basicSpec(odb.ClearSecret("hunter22"))
	var out strings.Builder
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "spec", spec, "ring", s.ring, "sealer", s)
	key := s.ring.keys[0].key
	for _, v := range []any{spec, s.ring, s} {
		fmt.Fprintf(&out, "%v %+v %#v", v, v, v)
	}
	for _, secret := range []string{"hunter22", fmt.Sprint(key)[1:40], fmt.Sprintf("%#v", key)[10:40], base64.RawURLEncoding.EncodeToString(key[:])} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("printed %s: %s", secret, out.String())
		}
	}
}

func TestSealerConfig(t *testing.T) {
	t.Parallel()
	if _, err := NewSealer(SealerConfig{}); err == nil {
		t.Error("NewSealer() without a key ring = nil")
	}
}
