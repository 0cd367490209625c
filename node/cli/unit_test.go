package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/config"
)

// unitFile is the systemd unit that the packages and archives for Linux hold.
const unitFile = "../../build/systemd/signalbox.service"

// The unit agrees with what the node does: how it tells that it is ready and
// alive, how long it may take to drain, what its exit codes mean.
func TestUnit(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			if key == "Environment" {
				key, value, _ = strings.Cut(value, "=")
			}
			set[key] = value
		}
	}
	for key, want := range map[string]string{
		"Type": "notify", "ExecStart": "/usr/bin/signalbox run --dir /var/lib/signalbox", "StateDirectory": "signalbox", "AssertPathExists": "/var/lib/signalbox/keys",
		"Restart": "always", "RestartForceExitStatus": "75", "RestartPreventExitStatus": "5", "SIGNALBOX_SUPERVISED": "1",
	} {
		if set[key] != want {
			t.Errorf("%s is %q, want %q", key, set[key], want)
		}
	}
	cfg, _, err := config.Load(t.TempDir(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, least := range map[string]time.Duration{"TimeoutStopSec": 2 * cfg.DrainTimeout, "WatchdogSec": 30 * time.Second} {
		if d, err := time.ParseDuration(set[key] + "s"); err != nil || d < least {
			t.Errorf("%s is %q, want at least %s", key, set[key], least)
		}
	}
	for _, family := range []string{"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"} {
		if !slices.Contains(strings.Fields(set["RestrictAddressFamilies"]), family) {
			t.Errorf("the node may not use %s", family)
		}
	}
}

// systemd itself has nothing to say against the unit.
func TestUnitVerifies(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze on this machine")
	}
	text, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // the program of the unit has to be there
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "signalbox.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/bin/signalbox", self)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput()
	if err != nil || strings.Contains(string(out), "signalbox.service:") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
