package oraconn

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	ora "github.com/sijms/go-ora/v2"
	"github.com/sijms/go-ora/v2/network"
)

func TestURL(t *testing.T) {
	t.Parallel()
	const password = "p@ss/w:rd?&%41#"
	c := Config{
		Hosts: []string{"db.example:1521", "[::1]:1522"}, Service: "XEPDB1", User: "sc:ott", Password: password,
		Options: map[string]string{"SSL": "true", "SSL VERIFY": "false", "PREFETCH_ROWS": "100"},
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	conf, err := ora.ParseConfig(c.url(c.Hosts[0], password))
	if err != nil {
		t.Fatal(err)
	}
	if conf.UserID != "sc:ott" || conf.Password != password || conf.ServiceName != "XEPDB1" || conf.PrefetchRows != 100 || !conf.SSL || conf.SSLVerify {
		t.Errorf("the driver reads user %q, password %q, service %q, %+v", conf.UserID, conf.Password, conf.ServiceName, conf.SessionInfo)
	}
	if len(conf.Servers) != 1 || conf.Servers[0].Addr != "db.example" || conf.Servers[0].Port != 1521 {
		t.Errorf("servers = %+v", conf.Servers)
	}
	c.Options, c.TLS = nil, &tls.Config{MinVersion: tls.VersionTLS12}
	if conf, err = ora.ParseConfig(c.url(c.Hosts[1], password)); err != nil || conf.Protocol != "tcps" || conf.Servers[0].Port != 1522 || conf.Servers[0].Addr != "::1" {
		t.Errorf("with TLS: %+v, %v", conf, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"no host":               {Service: "x"},
		"service with brackets": {Hosts: []string{"h:1"}, Service: "x)(y"},
		"host with brackets":    {Hosts: []string{"h)(:1"}, Service: "x"},
		"SID with a blank":      {Hosts: []string{"h:1"}, Options: map[string]string{"SID": "a b"}},
		"no service":            {Hosts: []string{"h:1"}},
		"bad SSL":               {Hosts: []string{"h:1"}, Service: "x", Options: map[string]string{"SSL": "perhaps"}},
		"unknown option":        {Hosts: []string{"h:1"}, Service: "x", Options: map[string]string{"TRACE": "x"}},
	} {
		c.Password = "planted"
		if err := c.Check(); err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: Check() = %v", name, err)
		}
	}
}

// peer answers the first packet of each connection and counts them.
func peer(t *testing.T, answer string) (address string, accepted func() int) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	counts, done := make(chan int, 1), make(chan struct{})
	counts <- 0
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			counts <- <-counts + 1
			buf := make([]byte, 4096)
			if _, err := c.Read(buf); err == nil && answer != "silent" {
				_, _ = io.WriteString(c, answer)
			}
			if answer != "" {
				_, _ = io.Copy(io.Discard, c) // until the peer closes
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), func() int { n := <-counts; counts <- n; return n }
}

// refusal is a listener's REFUSE packet with an error number.
func refusal(code int) string {
	text := fmt.Sprintf("(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=%d)(ERROR_STACK=(ERROR=(CODE=%d)(EMFI=4))))", code, code)
	size := 12 + len(text)
	return string([]byte{byte(size >> 8), byte(size), 0, 0, 4, 0, 0, 0, 0x22, 0, byte(len(text) >> 8), byte(len(text))}) + text
}

func TestHostsAreTriedInOrder(t *testing.T) {
	t.Parallel()
	closes, closed := peer(t, "")
	unknown, asked := peer(t, refusal(12514))
	silent, waited := peer(t, "silent")
	c := Config{Hosts: []string{closes, silent, unknown}, Service: "x", User: "u", Password: "planted", Timeout: 300 * time.Millisecond}
	_, err := c.Connect(t.Context())
	if err == nil || Code(err) != 12514 || closed() != 1 || asked() != 1 || waited() != 1 {
		t.Fatalf("Connect() = %v after %d, %d and %d connections", err, closed(), waited(), asked())
	}
	for _, want := range []string{closes + ": " + closes + " closed the connection: is this an Oracle listener?", silent + ": not connected within 300ms", unknown + ": ORA-12514"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Connect() = %v, want %q in it", err, want)
		}
	}
	if strings.Contains(err.Error(), "planted") {
		t.Errorf("the password is in %v", err)
	}
	refuses, tried := peer(t, refusal(1017))
	c.Hosts = []string{refuses, unknown}
	if _, err := c.Connect(t.Context()); Code(err) != 1017 || tried() != 1 || asked() != 1 {
		t.Errorf("a refused password: %v after %d and %d connections, want one try", err, tried(), asked())
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent, _ := peer(t, "silent")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := Config{Hosts: []string{silent, silent}, Service: "x", User: "u", Password: "p"}.Connect(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Connect() = %v, want context.Canceled", err)
	}
}

// stuck is a connection that answers nothing until it is cut.
type stuck struct {
	driver.Conn
	cut chan struct{}
}

func (s stuck) ExecContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Result, error) {
	select {
	case <-s.cut:
		return nil, net.ErrClosed
	case <-ctx.Done(): // must never come: the driver would answer it from another goroutine
		return driver.RowsAffected(1), nil
	}
}
func (s stuck) Close() error { return nil }

func TestCallsEndWithTheirContextByClosingTheConnection(t *testing.T) {
	t.Parallel()
	var made []chan struct{}
	db := sql.OpenDB(connectorFunc(Guard(func(context.Context) (driver.Conn, error) {
		cut := make(chan struct{})
		made = append(made, cut)
		return &cutConn{Conn: stuck{cut: cut}, cut: func() {
			select {
			case <-cut:
			default:
				close(cut)
			}
		}}, nil
	})))
	defer db.Close()
	for n := range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := db.ExecContext(ctx, "x")
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || len(made) != n+1 {
			t.Errorf("call %d: %v on connection %d", n+1, err, len(made))
		}
	}
}

// What the driver makes of our numbers: there and back, without an exponent.
func TestNumbersGoThere(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 1, -1, 9, 10, 99, 100, 1_000_000, 1_790_000_000_000_000, 1_790_000_000_000_001, math.MaxInt64, -math.MaxInt64} {
		number, err := ora.NewNumber(n)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := number.String(); err != nil || text != strconv.FormatInt(n, 10) {
			t.Errorf("%d comes back as %q, %v", n, text, err)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	if c, ok := Clob("x").(ora.Clob); !ok || c.String != "x" || !c.Valid {
		t.Errorf("Clob(x) = %+v", c)
	}
	if c, ok := Clob("").(ora.Clob); !ok || c.Valid {
		t.Errorf("an empty text is %+v, want NULL", c)
	}
	if b, ok := Blob([]byte("x")).(ora.Blob); !ok || string(b.Data) != "x" {
		t.Errorf("Blob(x) = %+v", b)
	}
	for in, want := range map[bool]int64{true: 1, false: 0} {
		v := driver.NamedValue{Value: in}
		if err := (&guardedConn{}).CheckNamedValue(&v); err != nil || v.Value != want {
			t.Errorf("%t is bound as %v, %v", in, v.Value, err)
		}
	}
	told := fmt.Errorf("exec: %w", &network.OracleError{ErrCode: 1, ErrMsg: "ORA-00001: taken"})
	if Code(told) != 1 || !strings.HasPrefix(Message(told), "ORA-00001: taken") || Code(io.EOF) != 0 || Message(io.EOF) != "" {
		t.Errorf("Code(%v) = %d, Message = %q", told, Code(told), Message(told))
	}
}
