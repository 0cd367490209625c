package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"signalbox.internal/node"
	"signalbox.internal/node/demo"
)

// readyLine is what up tells scripts. Its form is fixed.
type readyLine struct {
	Ready   bool        `json:"ready"`
	Traffic string      `json:"traffic"`
	Control string      `json:"control"`
	CA      string      `json:"ca"`
	Link    string      `json:"link"`
	Browser string      `json:"browser,omitempty"` // opens the user interface; with the one-time code, as long as there is one
	Token   string      `json:"token,omitempty"`   // of the first administrator, as long as it is there
	Claim   string      `json:"claim,omitempty"`   // one-time code, as long as no account has a password
	Notice  string      `json:"notice,omitempty"`  // what is not as it should be
	Nodes   []readyNode `json:"nodes"`
}

type readyNode struct {
	Name    string `json:"name"`
	Traffic string `json:"traffic"`
	Control string `json:"control"`
	Dir     string `json:"dir"`
	PID     int    `json:"pid"`
}

func ready(info node.Info) readyLine {
	return readyLine{
		Ready: true, Traffic: info.Traffic, Control: info.Control, CA: info.CA, Link: linkWithCode(info), Browser: browserLink(info),
		Token: info.Token, Claim: info.Claim, Notice: info.Notice,
		Nodes: []readyNode{{info.Name, info.Traffic, info.Control, info.Dir, info.PID}},
	}
}

// linkWithCode is the link for the desktop app, with the one-time code of a
// cluster that nobody has claimed.
func linkWithCode(info node.Info) string {
	if info.Claim == "" {
		return info.Link
	}
	return info.Link + "&code=" + url.QueryEscape(info.Claim)
}

// withAddresses is a link for the desktop app with the control addresses of nodes, in
// this order, in place of those that it has.
func withAddresses(link string, nodes []readyNode) string {
	u, err := url.Parse(link)
	if err != nil || len(nodes) == 0 {
		return link
	}
	q := u.Query()
	q.Del("url")
	for _, n := range nodes[:min(len(nodes), node.MostLinkAddresses)] {
		q.Add("url", n.Control)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// browserLink is the address of the user interface; empty when the binary was built
// without it. The one-time code stands after the #, which browsers send to nobody.
func browserLink(info node.Info) string {
	switch {
	case !info.UI:
		return ""
	case info.Claim == "":
		return info.Control + "/"
	}
	return info.Control + "/#/claim/" + url.PathEscape(info.Claim)
}

// showBrowser says how to open the user interface and what the browser's warning is.
func (o *screen) showBrowser(r readyLine) {
	if r.Browser == "" {
		o.line("This binary has no user interface: make run and make dist build one that has.")
		return
	}
	o.line("Open it in a browser:            %s", o.paint(bold, r.Browser))
	link, err := url.Parse(r.Link)
	if err != nil {
		return
	}
	o.line("  The browser warns, for the cluster is its own certificate authority. The page is the right one")
	o.line("  when its certificate was issued by %s", link.Query().Get("ca"))
	o.line("  or import %s into the browser, and it warns no more.", quoteArg(shownDir(r.CA)))
}

// writeReady writes the ready line, on one line, for those who read line by line.
func (a *app) writeReady(r readyLine) error {
	if a.flags.output == outputYAML {
		return a.show(r, nil)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write ready line: %w", err)
	}
	a.out.line("%s", text)
	return a.out.err
}

// started is what up has brought up.
type started struct {
	line   readyLine
	dir    string // what --dir of other commands takes
	first  string // folder of the first node
	deploy string // the deploy folder; empty: it is off
	demo   bool
	took   time.Duration
}

func deployFolder(dir string) string { return filepath.Join(dir, "deploy") }

// announce tells people that all is ready and what they can do with it.
func (a *app) announce(s started) error {
	if a.flags.output != outputTable {
		return a.writeReady(s.line)
	}
	o := a.out
	o.line("")
	o.line("%s", o.paint(green, fmt.Sprintf("Signalbox is ready after %s.", s.took.Round(10*time.Millisecond))))
	if s.line.Notice != "" {
		o.line("%s", o.paint(red, "Note: "+s.line.Notice+"."))
	}
	o.line("")
	o.facts(
		[2]string{"  Traffic", s.line.Traffic + "   clients call channels here"},
		[2]string{"  Control", s.line.Control + "   the admin API" + word(s.line.Browser == "", "", " and the user interface")},
		[2]string{"  Desktop", s.line.Link},
		[2]string{"  Folder", s.dir},
	)
	if len(s.line.Nodes) > 1 {
		o.line("")
		rows := make([][]cell, len(s.line.Nodes))
		for i, n := range s.line.Nodes {
			rows[i] = []cell{text("  " + n.Name), text(n.Traffic), text(n.Control), number(n.PID), text(n.Dir)}
		}
		o.table([]string{"  NODE", "TRAFFIC", "CONTROL", "PROCESS", "FOLDER"}, rows)
	}
	o.line("")
	if s.line.Claim != "" {
		showClaim(o, node.Info{Claim: s.line.Claim, Dir: s.first})
		o.line("")
	}
	o.showBrowser(s.line)
	o.line("")
	if s.line.Token != "" {
		o.line("Sign in as %s with the token in %s.", node.FirstAdmin, filepath.Join(s.first, "keys", "admin.token"))
	}
	o.line("On this box no token is needed:  signalbox status --dir %s", quoteArg(shownDir(s.dir)))
	if s.deploy != "" {
		o.line("Deploy a service:                copy it to %s", s.deploy)
	}
	if s.demo {
		if err := tryDemo(o, s); err != nil {
			return err
		}
	}
	o.line("")
	o.line("Ctrl-C ends it; run the same command again to go on with the same data.")
	return o.err
}

// shownDir is a folder as the user would type it: relative where that is shorter.
func shownDir(dir string) string {
	wd, err := os.Getwd()
	if err != nil {
		return dir
	}
	rel, err := filepath.Rel(wd, dir)
	if err != nil || len(rel) > len(dir) {
		return dir
	}
	return rel
}

// tried is how many commands of the demo's tour are shown.
const tried = 3

// tryDemo shows commands to try and puts the files that they send into the
// folder, so that they work wherever the program came from.
func tryDemo(o *screen, s started) error {
	dir := filepath.Join(s.dir, "samples")
	if err := writeSamples(dir); err != nil {
		return err
	}
	o.line("")
	o.line("Try the demo, in this order:")
	for _, c := range demo.Tour(s.line.Traffic)[:tried] {
		o.line("  %s", strings.ReplaceAll(c, "@node/demo/samples/", "@"+shownDir(dir)+"/"))
	}
	return nil
}

func writeSamples(dir string) error {
	samples, err := demo.Samples()
	if err != nil {
		return fmt.Errorf("read the demo's samples: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write the demo's samples: %w", err)
	}
	return fs.WalkDir(samples, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(samples, name)
		if err != nil {
			return fmt.Errorf("read the demo's samples: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o600); err != nil {
			return fmt.Errorf("write the demo's samples: %w", err)
		}
		return nil
	})
}
