package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"signalbox.internal/node/admin/client"
)

// defaultDir is the folder of the node that up makes, and where the other
// commands look for a running node when nothing else is said.
const defaultDir = "signalbox-data"

// remote is the body of a command that works on a cluster.
type remote func(ctx context.Context, c *client.Client, args []string) error

// remote makes a command's RunE of a body that needs a client.
func (a *app) remote(body remote) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := a.connect()
		if err != nil {
			return err
		}
		defer c.Close()
		return body(cmd.Context(), c, args)
	}
}

// connect makes a client of what flags and environment say: --url, else --dir,
// else SIGNALBOX_URL, else SIGNALBOX_DIR, else the folder that up makes.
func (a *app) connect() (*client.Client, error) { return a.clientOf(a.target) }

// clientOf makes a client of a target.
func (a *app) clientOf(find func() (target, error)) (*client.Client, error) {
	t, err := find()
	if err != nil {
		return nil, err
	}
	cfg := client.Config{URLs: t.urls, Token: t.token, UserAgent: "signalbox-cli/" + a.version()}
	if t.ca != "" {
		if cfg.CAs, err = readCA(t.ca); err != nil {
			return nil, err
		}
	}
	c, err := client.New(cfg)
	if err != nil {
		return nil, usagef("%w", err)
	}
	return c, nil
}

// target is where a cluster is and how to sign in to it.
type target struct {
	urls  []string
	token string
	ca    string // path of a PEM file; empty: the system's certificates
}

func (a *app) target() (target, error) {
	var t target
	var err error
	switch dir := a.getenv("SIGNALBOX_DIR"); {
	case len(a.flags.urls) > 0:
		t = target{urls: a.flags.urls}
	case a.flags.dir != "":
		t, err = a.boxTarget(a.flags.dir)
	case a.getenv("SIGNALBOX_URL") != "":
		t = target{urls: strings.Split(a.getenv("SIGNALBOX_URL"), ",")}
	case dir != "":
		t, err = a.boxTarget(dir)
	case isDir(defaultDir):
		t, err = a.boxTarget(defaultDir)
	default:
		return t, usagef("which cluster? Neither --url nor --dir is given, and there is no folder %s here", defaultDir).
			trying("signalbox up, to start one here, or --url https://HOST:8183 with SIGNALBOX_TOKEN, or --dir DIR on a node's own box")
	}
	if err != nil {
		return t, err
	}
	if a.flags.token != "" {
		t.token = a.flags.token
	}
	if t.token == "" {
		t.token = a.getenv("SIGNALBOX_TOKEN")
	}
	if a.flags.ca != "" {
		t.ca = a.flags.ca
	}
	if t.ca == "" {
		t.ca = a.getenv("SIGNALBOX_CA")
	}
	return t, nil
}

// runFile is what a running node says about itself in DIR/run/node.json.
type runFile struct {
	PID     int    `json:"pid"`
	Name    string `json:"name"`
	Traffic string `json:"traffic"`
	Control string `json:"control"`
	CA      string `json:"ca"`
}

// boxTarget finds a running node of a folder: of a node's own, or of one with
// several, where the first that answers is taken.
func (a *app) boxTarget(dir string) (target, error) {
	var running []string
	for _, folder := range newBox(dir).folders {
		if _, err := os.Stat(filepath.Join(folder, "run", "node.json")); err == nil {
			running = append(running, folder)
		}
	}
	if len(running) == 0 {
		return a.nodeTarget(dir)
	}
	if len(running) > 1 {
		for _, folder := range running {
			if t, err := a.nodeTarget(folder); err == nil && answers(t) {
				return t, nil
			}
		}
	}
	return a.nodeTarget(running[0])
}

// answerTime is how long a node on this box may take to show its certificate.
const answerTime = 2 * time.Second

// answers reports whether a node of this cluster listens where its folder says.
// One that was killed left its addresses behind, and another program may have the
// port now.
func answers(t target) bool {
	pool, err := readCA(t.ca)
	if err != nil {
		return false
	}
	u, err := url.Parse(t.urls[0])
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}}
	c, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// nodeTarget is the running node of a node's own folder. Its token is readable
// only by whoever runs the node; others need one of their own.
func (a *app) nodeTarget(dir string) (target, error) {
	path := filepath.Join(dir, "run", "node.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return target{}, failf(exitUnreachable, "no node runs on the folder %s: there is no %s", dir, path).
			trying("signalbox up --dir %s", dir)
	}
	if err != nil {
		return target{}, notReadable(err)
	}
	var run runFile
	if err := json.Unmarshal(text, &run); err != nil || run.Control == "" {
		return target{}, failf(exitFailed, "read %s: it is not the description of a running node", path).
			trying("stop the node and start it again")
	}
	t := target{urls: []string{run.Control}, ca: run.CA}
	if t.ca != "" && !filepath.IsAbs(t.ca) {
		t.ca = filepath.Join(dir, t.ca)
	}
	token, err := os.ReadFile(filepath.Join(dir, "keys", "local.token"))
	switch {
	case err == nil:
		t.token = strings.TrimSpace(string(token))
	case a.flags.token == "" && a.getenv("SIGNALBOX_TOKEN") == "":
		return target{}, notReadable(err)
	}
	return t, nil
}

// notReadable is the error for a file of the node's folder that this user may
// not read, or that is not there.
func notReadable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return failf(exitNotAllowed, "%w", err).trying("run this as the user that runs the node, or give --url and SIGNALBOX_TOKEN")
	}
	return failf(exitFailed, "%w", err)
}

func readCA(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, notReadable(fmt.Errorf("read CA certificate: %w", err))
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, failf(exitFailed, "read CA certificate %s: there is no PEM certificate in it", path)
	}
	return pool, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// nodeDir is the folder of the node that up, run, init and config are about.
func (a *app) nodeDir() string {
	if a.flags.dir != "" {
		return a.flags.dir
	}
	if dir := a.getenv("SIGNALBOX_DIR"); dir != "" {
		return dir
	}
	return defaultDir
}
