package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/spf13/cobra"

	"signalbox.internal/node"
)

// versionInfo is what "signalbox version" tells.
type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"` // built from sources that differ from the commit
	Built    string `json:"built"`    // time of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Schema   int    `json:"odb_schema"` // of the databases that it makes and speaks to
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Version, commit, Go version and ODB schema of this program",
		Long: `Tells the version of this program, the commit it was built from, the Go version
that built it and the schema of the ODB that it speaks. It asks no cluster;
"signalbox status" tells the version of the node that answers.`,
		Example: `  signalbox version
  signalbox version -o json | jq -r .commit`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := a.versionInfo()
			return a.show(v, func(o *screen) {
				o.facts(
					[2]string{"version", v.Version},
					[2]string{"commit", v.Commit + word(v.Modified, " (modified)", "")},
					[2]string{"built", v.Built},
					[2]string{"go", v.Go},
					[2]string{"platform", v.Platform},
					[2]string{"ODB schema", strconv.Itoa(v.Schema)},
				)
			})
		},
	}
}

// version returns the version of this program, "dev" when none was stamped.
func (a *app) version() string { return cmp.Or(a.env.Version, "dev") }

func (a *app) versionInfo() versionInfo {
	v := versionInfo{Version: a.version(), Commit: "unknown", Built: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Schema: node.ODBSchema()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Built = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
