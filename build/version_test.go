package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The version sorts as releases follow each other, for dpkg and rpm alike, and tells
// which commit it is of.
func TestVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	version := func(want, numbers string) {
		t.Helper()
		if got := command("build/version.sh"); !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("the version is %s, want %s", got, want)
		}
		if got := command("build/version.sh", "windows"); got != numbers {
			t.Errorf("Windows' version is %s, want %s", got, numbers)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "build"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "build", "version.sh"), []byte(read(t, "build/version.sh")), 0o700); err != nil {
		t.Fatal(err)
	}
	command("git", "init", "-q")
	command("git", "add", ".")
	command("git", "commit", "-qm", "one")
	version(`0\.0\.0\+1\.g[0-9a-f]{7}`, "0.0.0.1")
	command("git", "tag", "v1.2.0-rc-1")
	version(`1\.2\.0~rc\.1`, "1.2.0.0")
	command("git", "commit", "-qm", "two", "--allow-empty")
	command("git", "tag", "-a", "-m", "release", "v1.2.0")
	version(`1\.2\.0`, "1.2.0.0")
	command("git", "commit", "-qm", "three", "--allow-empty")
	command("git", "tag", "other")
	version(`1\.2\.0\+1\.g[0-9a-f]{7}`, "1.2.0.1")
	if err := os.WriteFile(filepath.Join(dir, "new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	version(`1\.2\.0\+1\.g[0-9a-f]{7}\.dirty`, "1.2.0.1")
}
