// Package build_test holds together what makes the packages: the files that the
// configurations name, the scripts, the unit and the texts that tell how to install.
package build_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const top = ".."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// config is what matters here of a file for nfpm.
type config struct {
	Name, Arch, Version string
	VersionSchema       string `yaml:"version_schema"`
	Contents            []struct {
		Src, Dst, Type, Packager string
		Expand                   bool
		Info                     struct{ Mode int } `yaml:"file_info"`
	}
	Overrides map[string]struct {
		Depends []string
		Scripts map[string]string
	}
}

func packages(t *testing.T) map[string]config {
	t.Helper()
	all := map[string]config{}
	for _, name := range []string{"signalbox", "signalbox-desktop"} {
		var c config
		if err := yaml.Unmarshal([]byte(read(t, "build/linux/"+name+".yaml")), &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = c
	}
	return all
}

// Every file that a package is made of is there, or is made while packing.
func TestPackagedFilesExist(t *testing.T) {
	t.Parallel()
	scripts := read(t, "build/dist/common.sh") + read(t, "build/dist/node.sh") + read(t, "build/dist/desktop.sh")
	completions := []string{"signalbox.bash", "signalbox.zsh", "signalbox.fish"}
	if !strings.Contains(scripts, "for shell in bash zsh fish; do") {
		t.Error("nothing makes the completions")
	}
	for name, c := range packages(t) {
		if c.Name != name || c.Arch != "${ARCH}" || c.Version != "${VERSION}" || c.VersionSchema != "none" {
			t.Errorf("%s: name %q, architecture %q, version %q by %q", name, c.Name, c.Arch, c.Version, c.VersionSchema)
		}
		places := map[string]bool{}
		for _, f := range c.Contents {
			if places[f.Dst+f.Packager] {
				t.Errorf("%s: %s is there twice", name, f.Dst)
			}
			places[f.Dst+f.Packager] = true
			if f.Info.Mode == 0 {
				t.Errorf("%s: %s has the mode that its source happens to have", name, f.Dst)
			}
			made, isMade := strings.CutPrefix(f.Src, "${STAGE}/")
			switch {
			case f.Type == "dir":
			case isMade && !f.Expand:
				t.Errorf("%s: %s is not expanded", name, f.Src)
			case isMade && !strings.Contains(scripts, "/"+made) && !slices.Contains(completions, made):
				t.Errorf("%s: no part of build/dist makes %s", name, made)
			case !isMade:
				if _, err := os.Stat(filepath.Join(top, f.Src)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		for packager, o := range c.Overrides {
			for when, script := range o.Scripts {
				if !strings.HasPrefix(script, "build/linux/"+packager+"/") {
					t.Errorf("%s: %s runs %s %s", name, packager, script, when)
				}
				read(t, script)
			}
		}
	}
}

// The packages bring the unit that is tested (node/cli), and its paths are those of the package.
func TestUnitIsPackaged(t *testing.T) {
	t.Parallel()
	sources := map[string]string{}
	for _, f := range packages(t)["signalbox"].Contents {
		sources[f.Dst] = f.Src
	}
	if got := sources["/usr/lib/systemd/system/signalbox.service"]; got != "build/systemd/signalbox.service" {
		t.Errorf("the packaged unit is %q", got)
	}
	unit := read(t, "build/systemd/signalbox.service")
	start := regexp.MustCompile(`(?m)^ExecStart=(\S+) run --dir (\S+)$`).FindStringSubmatch(unit)
	environment := regexp.MustCompile(`(?m)^EnvironmentFile=-(\S+)$`).FindStringSubmatch(unit)
	if start == nil || environment == nil || sources[start[1]] == "" || sources[environment[1]] == "" {
		t.Fatalf("the unit starts %q with the settings of %q, which are not in the package", start, environment)
	}
	install := read(t, "build/systemd/INSTALL.txt")
	for _, script := range []string{"build/linux/deb/postinst", "build/linux/rpm/pre"} {
		if !regexp.MustCompile(`install -d -o signalbox -g signalbox -m 0700 ` + start[2] + `\s`).MatchString(read(t, script)) {
			t.Errorf("%s does not make %s", script, start[2])
		}
	}
	for _, want := range []string{start[1], start[2], environment[1], "systemctl enable --now signalbox", "apt install ./signalbox_", "dnf install ./signalbox-"} {
		if !strings.Contains(install, want) {
			t.Errorf("INSTALL.txt does not speak of %s", want)
		}
	}
}

// Every script can be read by the shell that runs it, and may be run.
func TestScripts(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"build/*.sh", "build/dist/*.sh", "build/dist/check/*.sh", "build/linux/*.sh", "build/linux/deb/*", "build/linux/rpm/*"} {
		names, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil || len(names) == 0 {
			t.Errorf("%s: no script (%v)", pattern, err)
		}
		for _, name := range names {
			if out, err := exec.CommandContext(t.Context(), "sh", "-n", name).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
			text := read(t, strings.TrimPrefix(name, top+"/"))
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if starts := strings.HasPrefix(text, "#!/bin/sh\n"); starts != (info.Mode()&0o111 != 0) {
				t.Errorf("%s: its first line and its mode %v disagree on whether it is a program", name, info.Mode())
			}
			if !strings.Contains(text, "set -e") && strings.HasPrefix(text, "#!") && !strings.Contains(name, "/rpm/") {
				t.Errorf("%s goes on after an error", name)
			}
		}
	}
}

// What releases are made with has a fixed version.
func TestToolsArePinned(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	for _, tool := range []string{"NFPM", "WINRES"} {
		if !regexp.MustCompile(`(?m)^`+tool+`_VERSION +:= v\d+\.\d+\.\d+$`).MatchString(makefile) || !strings.Contains(makefile, tool+"=$("+tool+")") {
			t.Errorf("the Makefile does not fix the version of %s and hand it over", tool)
		}
	}
	for _, name := range []string{"build/dist.sh", "build/dist/common.sh", "build/dist/node.sh", "build/dist/desktop.sh"} {
		if found := regexp.MustCompile(`go (run|install) \S+@|npx `).FindString(read(t, name)); found != "" {
			t.Errorf("%s gets a tool by itself: %s", name, found)
		}
	}
}

// The menu entry, the installer and the app agree on what links begin with and on the program's name.
func TestDesktopNames(t *testing.T) {
	t.Parallel()
	var wails struct {
		OutputFilename string
		Info           struct{ Protocols []struct{ Scheme string } }
	}
	if err := json.Unmarshal([]byte(read(t, "wails.json")), &wails); err != nil {
		t.Fatal(err)
	}
	if len(wails.Info.Protocols) != 1 {
		t.Fatalf("wails.json has the protocols %v", wails.Info.Protocols)
	}
	scheme, program := wails.Info.Protocols[0].Scheme, wails.OutputFilename
	for name, wants := range map[string][]string{
		"build/linux/signalbox-desktop.desktop":         {"Exec=" + program + " %u\n", "MimeType=x-scheme-handler/" + scheme + ";\n", "Icon=signalbox-desktop\n", "StartupWMClass=" + program + "\n"},
		"build/linux/signalbox-desktop.metainfo.xml":    {"<mediatype>x-scheme-handler/" + scheme + "<", "<binary>" + program + "<"},
		"build/windows/installer/signalbox-desktop.nsi": {`!define PROGRAM "` + program + `.exe"`, `"Software\Classes\` + scheme + `"`, `"URL Protocol" ""`, "RequestExecutionLevel user\n"},
		"app/desktop/window.go":                         {`ProgramName: "` + program + `"`},
		"build/linux/signalbox-desktop.yaml":            {"/usr/bin/" + program + ",", "/48x48/apps/signalbox-desktop.png,"},
		"build/dist/desktop.sh":                         {"/" + program + ".exe\"", `"RT_GROUP_ICON": { "#3":`},
	} {
		text := read(t, name)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	if !slices.ContainsFunc(packages(t)["signalbox-desktop"].Overrides["deb"].Depends, func(d string) bool { return strings.Contains(d, "libgtk-3-0t64") }) {
		t.Error("the .deb cannot be installed where GTK has its newer name")
	}
}

// The manifest of the Windows program is well formed, knows high resolutions and asks for no administrator.
func TestWindowsResources(t *testing.T) {
	t.Parallel()
	manifest := read(t, "build/windows/wails.exe.manifest")
	for d := xml.NewDecoder(strings.NewReader(manifest)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"permonitorv2", `level="asInvoker"`, "Microsoft.Windows.Common-Controls"} {
		if !strings.Contains(manifest, want) {
			t.Errorf("the manifest has no %s", want)
		}
	}
	var info struct {
		Info map[string]map[string]string
	}
	d := json.NewDecoder(bytes.NewReader([]byte(read(t, "build/windows/info.json"))))
	if err := d.Decode(&info); err != nil || info.Info["0409"]["ProductName"] != "Signalbox" {
		t.Errorf("the version information is %v (%v)", info, err)
	}
}
