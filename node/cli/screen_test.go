package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/admin/client"
)

func TestTableIsAligned(t *testing.T) {
	var b bytes.Buffer
	o := &screen{w: &b}
	o.table([]string{"NAME", "N", "LAST"}, [][]cell{
		{text("zażółć"), number(7), text("x")},
		{text("a"), number(1234), text("")},
	})
	want := "NAME    N     LAST\nzażółć  7     x\na       1234  \n"
	if b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
}

func TestColourDoesNotMoveColumns(t *testing.T) {
	var colored, bare bytes.Buffer
	rows := [][]cell{{styled(red, "down"), text("x")}, {styled(green, "up"), text("y")}}
	(&screen{w: &colored, color: true}).table([]string{"STATE", "Z"}, rows)
	(&screen{w: &bare}).table([]string{"STATE", "Z"}, rows)
	if !strings.Contains(colored.String(), "\x1b[31mdown\x1b[0m") {
		t.Errorf("there is no colour in %q", colored.String())
	}
	stripped := colored.String()
	for _, st := range []style{bold, red, green} {
		stripped = strings.ReplaceAll(stripped, "\x1b["+string(st)+"m", "")
	}
	if got := strings.ReplaceAll(stripped, "\x1b[0m", ""); got != bare.String() {
		t.Errorf("without colour codes %q, want %q", got, bare.String())
	}
}

// Text from elsewhere must not move the cursor, hide what was written before or
// turn the writing direction round.
func TestForeignTextIsHarmless(t *testing.T) {
	var b bytes.Buffer
	o := &screen{w: &b}
	o.table([]string{"A"}, [][]cell{{text("x\x1b[2Jy\rz\u202ew\nv")}})
	if got, want := b.String(), "A\nx·[2Jy·z·w v\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// brokenPipe takes some bytes and then no more, as a full disk does.
type brokenPipe struct{ left int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.left -= len(b); p.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

func TestFullDiskIsAnError(t *testing.T) {
	var stderr bytes.Buffer
	code := Main(t.Context(), Env{Args: []string{"version", "-o", "json"}, Stdin: strings.NewReader(""), Stdout: &brokenPipe{left: 10}, Stderr: &stderr})
	if code != exitFailed || !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("exit code %d with %q, want %d and the reason", code, stderr.String(), exitFailed)
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		plural(1, "node"):                           "1 node",
		plural(0, "node"):                           "0 nodes",
		plural(2, "entry"):                          "2 entries",
		formatMillis(0):                             "0",
		formatMillis(0.5):                           "0.50 ms",
		formatMillis(12.3):                          "12 ms",
		formatMillis(1234):                          "1.23 s",
		formatBytes(12):                             "12 B",
		formatBytes(1 << 11):                        "2.0 KiB",
		formatBytes(3 << 20):                        "3.0 MiB",
		localTime(time.Time{}):                      "-",
		shortHash(strings.Repeat("a", 64)):          "aaaaaaaaaaaa",
		shortHash("short"):                          "short",
		quoteArg("plain"):                           "plain",
		quoteArg("it's two"):                        `'it'\''s two'`,
		valueText(nil):                              "(default)",
		valueText([]byte(strings.Repeat("ż", 200))): strings.Repeat("ż", maxValue-1) + "…",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// While the database is away nobody knows of backups: that is no "never".
func TestBackupText(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]string{"up": "never made", "down": "not known, for the database is down"} {
		if got := backupText(client.Status{ODB: client.Part{State: state}}); got != want {
			t.Errorf("with a database that is %s: %q, want %q", state, got, want)
		}
	}
}
