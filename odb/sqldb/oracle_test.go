package sqldb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/sijms/go-ora/v2/network"

	"signalbox.internal/odb"
	"signalbox.internal/odb/oraconn"
)

func oracleError(code int) error {
	return fmt.Errorf("exec: %w", &network.OracleError{ErrCode: code, ErrMsg: fmt.Sprintf("ORA-%05d: x", code)})
}

func TestOracleErrors(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]class{
		oracleError(1):                        classUnique,
		oracleError(2291):                     classInUse,
		oracleError(2292):                     classInUse,
		oracleError(54):                       classRetry,
		oracleError(60):                       classRetry,
		oracleError(8177):                     classRetry,
		oracleError(30006):                    classRetry,
		oracleError(12899):                    classText,
		oracleError(1017):                     classAway,
		oracleError(28):                       classAway,
		oracleError(3113):                     classAway,
		oracleError(12154):                    classAway,
		oracleError(12514):                    classAway,
		oracleError(12541):                    classAway,
		oracleError(16000):                    classAway,
		oracleError(1653):                     classAway,
		oracleError(942):                      classOther,
		oracleError(1400):                     classOther,
		oraconn.ErrPanic:                      classAway,
		io.EOF:                                classAway,
		driver.ErrBadConn:                     classAway,
		&net.OpError{Op: "read", Err: io.EOF}: classAway,
		context.Canceled:                      classOther,
	} {
		if got := classifyOracle(err); got != want {
			t.Errorf("%v is of class %d, want %d", err, got, want)
		}
	}
	d := oracleDialect()
	for code, want := range map[int]bool{955: true, 1430: true, 1408: true, 942: false, 1: false} {
		if d.exists(oracleError(code)) != want {
			t.Errorf("ORA-%05d says that it exists: %t", code, !want)
		}
	}
}

// listener answers the first packet of each connection and waits for its end.
func listener(t *testing.T, answer string) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := c.Read(make([]byte, 4096)); err == nil && answer != "" {
				_, _ = io.WriteString(c, answer)
				_, _ = io.Copy(io.Discard, c)
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

// tns makes a packet of Oracle's network protocol.
func tns(kind byte, body string) string {
	size := 8 + len(body)
	return string([]byte{byte(size >> 8), byte(size), 0, 0, kind, 0, 0, 0}) + body
}

// Peers that are no Oracle, or refuse: Unavailable, at once, and never the password.
func TestOracleStrangePeers(t *testing.T) {
	t.Parallel()
	const text = "(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))"
	for name, tc := range map[string]struct{ answer, options, want string }{
		"closes":          {"", "", "is this an Oracle listener?"},
		"HTTP":            {"HTTP/1.1 400 Bad Request\r\n\r\n", "?connect_timeout=1", "not connected within 1s"},
		"silent":          {"x", "?connect_timeout=1", "not connected within 1s"},
		"no TLS":          {"HTTP/1.1 400 Bad Request\r\n\r\n", "?tls=true", "tls"},
		"unknown service": {tns(4, "\x22\x00"+string([]byte{0, byte(len(text))})+text), "", "ORA-12514"},
		"broken refusal":  {tns(4, "\x22\x00"), "", "the driver broke down"},
		"broken ACCEPT":   {tns(2, "\x01\x36"), "", "the driver broke down"},
		"empty ACCEPT":    {tns(2, ""), "", "the driver broke down"},
		"redirect":        {tns(5, "\x00\x32(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=1))\x00"), "", "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), Config{DSN: "oracle://scott:planted@" + listener(t, tc.answer) + "/XE" + tc.options, Log: slog.New(slog.DiscardHandler)})
			if odb.KindOf(err) != odb.Unavailable || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Open() = %v, want an error of kind unavailable with %q", err, tc.want)
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "planted") {
				t.Errorf("the password is in %s", text)
			}
		})
	}
	_, err := Open(t.Context(), Config{DSN: "oracle://scott:planted@127.0.0.1:1,127.0.0.1:2/XE"})
	if odb.KindOf(err) != odb.Unavailable || strings.Contains(err.Error(), "planted") || !strings.Contains(err.Error(), "127.0.0.1:2") {
		t.Errorf("Open() = %v, want an error of kind unavailable about both hosts", err)
	}
}
