package outgoing_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"signalbox.internal/node/outgoing"
	"signalbox.internal/node/service"
)

// tns makes a packet of Oracle's network protocol.
func tns(kind byte, body string) string {
	head := make([]byte, 8)
	binary.BigEndian.PutUint16(head, uint16(8+len(body)))
	head[4] = kind
	return string(head) + body
}

// refusal is a listener's REFUSE packet with an error number.
func refusal(code int) string {
	text := fmt.Sprintf("(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=%d)(ERROR_STACK=(ERROR=(CODE=%d)(EMFI=4))))", code, code)
	return tns(4, "\x22\x00"+string(binary.BigEndian.AppendUint16(nil, uint16(len(text))))+text)
}

// listener answers each connection's first packet with answer and closes; with
// silent it says nothing until the peer leaves. It counts connections left open.
func listener(t *testing.T, answer string, silent bool) (port int, open func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	add := func(d int) { mu.Lock(); n += d; mu.Unlock() }
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			add(1)
			conns.Go(func() {
				defer add(-1)
				defer c.Close()
				buf := make([]byte, 4096)
				if _, err := c.Read(buf); err != nil {
					return
				}
				if silent {
					io.Copy(io.Discard, c)
					return
				}
				io.WriteString(c, answer)
				if answer != "" {
					io.Copy(io.Discard, c) // until the peer closes
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return l.Addr().(*net.TCPAddr).Port, func() int { mu.Lock(); defer mu.Unlock(); return n }
}

// Peers that are not Oracle, or that refuse: always an error, at once, without the
// password, with the socket closed; never a panic.
func TestOracleAgainstStrangePeers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer, code, want, number string
		silent                     bool
	}{
		"unknown service":  {answer: refusal(12514), code: service.CodeOutgoing, want: "ORA-12514"},
		"unknown SID":      {answer: refusal(12505), code: service.CodeOutgoing, want: "12505"},
		"broken refusal":   {answer: tns(4, "\x22\x00"), code: service.CodeOutgoing, want: "the driver broke down"},
		"broken ACCEPT":    {answer: tns(2, "\x01\x36"), code: service.CodeOutgoing, want: "the driver broke down"},
		"empty ACCEPT":     {answer: tns(2, ""), code: service.CodeOutgoing, want: "the driver broke down"},
		"HTTP":             {answer: "HTTP/1.1 400 Bad Request\r\n\r\n", code: service.CodeOutgoing, want: "connect"},
		"closes":           {answer: "", code: service.CodeOutgoing, want: "is this an Oracle listener?"},
		"silent":           {silent: true, code: service.CodeOutgoing, want: "not connected within 300ms"},
		"redirect to meta": {answer: tns(5, "\x00\x3b(ADDRESS=(PROTOCOL=tcp)(HOST=169.254.169.254)(PORT=1521))\x00"), code: service.CodeNotAllow, want: "169.254.169.254"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port, open := listener(t, tc.answer, tc.silent)
			b := newBox(t)
			b.vault["PW"] = "tiger+s3cret"
			b.apply(specs{"db": fmt.Sprintf(`{"type":"sql","driver":"oracle","host":"127.0.0.1","port":%d,"database":"XE","username":"scott","password":{"ref":"env:PW"},"allow":["127.0.0.0/8"],"connect_timeout":"300ms"}`, port)})
			err := b.refused("sql.query", `{"connection":"db","sql":"select 1 from dual"}`, tc.code, tc.want)
			if all := err.Error() + b.log.String(); strings.Contains(all, "s3cret") {
				t.Errorf("the password is in %s", all)
			}
			if h := b.health("db"); h.State != outgoing.Down {
				t.Errorf("health = %+v", h)
			}
			eventually(t, func() error {
				if n := open(); n != 0 {
					return fmt.Errorf("%d sockets are left open", n)
				}
				return nil
			})
		})
	}
}
