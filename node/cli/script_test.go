package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/cli"
	"signalbox.internal/node/nodetest"
)

// TestMain makes this test binary the program under test too: scripts run it as
// the command signalbox, a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"signalbox": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		os.Exit(cli.Main(ctx, cli.Env{
			Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv, Version: "v1.2.3",
			DiscoveryPort: discoveryPort(os.Getenv),
		}))
	}})
}

// discoveryPort is that of a script, so that scripts at the same time do not hear
// each other, and no cluster on the network hears them.
func discoveryPort(env func(string) string) int {
	port, err := strconv.Atoi(env("TEST_DISCOVERY_PORT"))
	if err != nil {
		return 0
	}
	return port
}

// TestScripts runs testdata/script/*.txtar. Beside the commands of testscript
// there are:
//
//	node [announce]   starts a node in this process; $SIGNALBOX_DIR, $CONTROL, $CA and $TOKEN lead to it
//	code N CMD...     runs CMD and demands the exit code N
//	json PATH VALUE   demands a value in stdout, which must be JSON and nothing else
//	save NAME PATH    puts a value of the JSON in stdout into the variable NAME
//	waitfile FILE     waits until a file is there
//	until RE CMD...   runs CMD until it succeeds and its stdout has the regular expression, at most 30 s
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("NO_COLOR", "1")
			port, err := freeUDP()
			e.Setenv("TEST_DISCOVERY_PORT", strconv.Itoa(port))
			e.Setenv("SIGNALBOX_ANNOUNCE", "false")
			e.Setenv("SIGNALBOX_NETWORK", "bench")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each command sleeps a second under -race
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"node":     func(ts *testscript.TestScript, _ bool, args []string) { startNode(t, ts, args) },
			"until":    until,
			"code":     demandCode,
			"json":     demandJSON,
			"save":     saveJSON,
			"waitfile": waitFile,
		},
	})
}

// freeUDP returns a UDP port that nobody uses.
func freeUDP() (int, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		return 0, err
	}
	a, _ := c.LocalAddr().(*net.UDPAddr)
	return a.Port, c.Close()
}

// until runs a command until it succeeds and writes what is awaited.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until regexp command [args...]")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	args = args[1:]
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		err := ts.Exec(args[0], args[1:]...)
		if err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: not as awaited (%v) after 30 s", strings.Join(args, " "), err)
		}
	}
}

func startNode(t *testing.T, ts *testscript.TestScript, args []string) {
	o := nodetest.Options{Dir: ts.MkAbs("box"), Settings: map[string]string{"network": "bench"}}
	if len(args) > 0 && args[0] == "announce" {
		o.Settings["announce"], o.DiscoveryPort = "true", discoveryPort(ts.Getenv)
	}
	n, err := nodetest.TryStart(t, o)
	ts.Check(err)
	ts.Defer(func() { ts.Check(n.Stop()) })
	for name, value := range map[string]string{
		"SIGNALBOX_DIR": n.Dir, "CONTROL": n.Control, "TRAFFIC": n.Traffic, "CA": n.CA, "TOKEN": n.Token,
		"PORT": n.Control[strings.LastIndexByte(n.Control, ':')+1:],
	} {
		ts.Setenv(name, value)
	}
}

func demandCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// lookUp finds a value by a path such as .nodes.0.ok in the JSON of stdout; len
// at the end counts elements.
func lookUp(ts *testscript.TestScript, path string) string {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		ts.Fatalf("stdout is not JSON and nothing else: %v\n%s", err, ts.ReadFile("stdout"))
	}
	for key := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			switch {
			case key == "len":
				v = len(x)
			case key == "":
			case err != nil || i >= len(x):
				ts.Fatalf("%s: there is no element %q among %d", path, key, len(x))
			default:
				v = x[i]
			}
		default:
			ts.Fatalf("%s: there is nothing at %q", path, key)
		}
	}
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	ts.Check(err)
	return string(text)
}

func demandJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	if got := lookUp(ts, args[0]); (got == args[1]) == neg {
		ts.Fatalf("%s is %q, want %q (or not, after !)", args[0], got, args[1])
	}
}

func saveJSON(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: save NAME PATH")
	}
	ts.Setenv(args[0], lookUp(ts, args[1]))
}

func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s is not there after 30 s", args[0])
}

// run calls the program as users do, in this process.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut strings.Builder
	code = cli.Main(t.Context(), cli.Env{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut, Version: "v1.2.3"})
	return code, out.String(), errOut.String()
}

// Somebody else changes the definition after set has read it and before it
// writes: set must not overwrite that.
func TestSetMeetsAnotherChange(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	n.Apply("kind: security\nname: partner\nspec: {username: acme, password: secret-1}\n")
	addr := meddle(t, n, http.MethodPut, func() {
		n.Apply("kind: security\nname: partner\nspec: {username: somebody-else, password: secret-2}\n")
	})
	code, stdout, stderr := run(t, "set", "security", "partner", "realm=X", "--url", addr, "--token", n.Token)
	if code != 4 || stdout != "" || !strings.Contains(stderr, "nothing was changed") {
		t.Errorf("exit code %d, stdout %q, stderr %q; want 4 and that nothing was changed", code, stdout, stderr)
	}
	d, err := n.API.Definition(t.Context(), "security", "partner")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(d.Spec), "somebody-else") || strings.Contains(string(d.Spec), "realm") {
		t.Errorf("the other change was overwritten: %s", d.Spec)
	}
}

// meddle serves a proxy before the node that does something before it passes on
// the first request of a method.
func meddle(t *testing.T, n *nodetest.Node, method string, do func()) string {
	t.Helper()
	target, err := url.Parse(n.Control)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: transport(t, n.CA)}
	done := false
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method && !done {
			done = true
			do()
		}
		proxy.ServeHTTP(w, r)
	}))
}

// A node of the cluster that stays behind must be named by deploy --wait.
func TestDeployNamesTheNodeThatStaysBehind(t *testing.T) {
	n := nodetest.Start(t, nodetest.Options{})
	target, err := url.Parse(n.Control)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: transport(t, n.CA)}
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/nodes" {
			proxy.ServeHTTP(w, r)
			return
		}
		nodes := client.List[client.Node]{Items: []client.Node{
			{Name: "test", State: "up", Revision: 1000}, {Name: "late", State: "up", Revision: 1}, {Name: "dead", State: "down"},
		}}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(nodes)
	}))
	file := filepath.Join(t.TempDir(), "a.ts")
	code := `import { service } from "@signalbox/sdk"; export const a = service({ name: "a", handle() { return 1; } });`
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	exit, stdout, stderr := run(t, "deploy", file, "--wait", "--timeout", "300ms", "-o", "json", "--url", addr, "--token", n.Token)
	var got client.Deployed
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("stdout is %q: %v", stdout, err)
	}
	if exit != 1 || !strings.Contains(stderr, "not every node runs it: late, dead") {
		t.Errorf("exit code %d with %q, want 1 with the nodes late and dead", exit, stderr)
	}
	var told []string
	for _, x := range got.Nodes {
		told = append(told, fmt.Sprintf("%s %t %s", x.Name, x.OK, strings.Fields(x.Error + " -")[0]))
	}
	if want := "test true -,late false the,dead false the"; strings.Join(told, ",") != want {
		t.Errorf("nodes are %q, want %q", told, want)
	}
}
