package sqldb

import (
	"bufio"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	ora "github.com/sijms/go-ora/v2"
	"github.com/sijms/go-ora/v2/network"

	"signalbox.internal/odb"
	"signalbox.internal/odb/oraconn"
)

// h2User in a DSN of Oracle means, in these tests, H2 behind its bridge.
const h2User = "h2"

// h2Dialect is Oracle's, with its own texts, but for three: H2's EXTRACT(SECOND)
// has no fraction, so its clock would stand still for a second; it knows no WAIT
// behind FOR UPDATE (it waits for 20 s, see Bridge.java); and a character beyond
// U+FFFF counts as two.
func h2Dialect() *dialect {
	d := oracleDialect()
	d.now = "CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000000 AS NUMBER(19))"
	d.hold = "FOR UPDATE"
	d.text = func(n string) string {
		characters, _ := strconv.Atoi(n)
		return fmt.Sprintf("VARCHAR2(%d CHAR)", 2*characters)
	}
	return d
}

// openH2 opens the pools as openOracle does, with the bridge in place of the driver.
func openH2(ctx context.Context, dsn odb.DSN) (pools, error) {
	c := h2Connector{address: dsn.Hosts[0], name: dsn.Database}
	return serverPools(ctx, dsn, c, c)
}

// openerOfTest is openerOf that knows H2.
func openerOfTest(dsn odb.DSN) (*dialect, opener) {
	if dsn.Kind == "oracle" && dsn.User == h2User {
		return h2Dialect(), openH2
	}
	return openerOf(dsn)
}

// h2Connector connects as go-ora would: what it refuses and how it gives values
// is what the driver's source says.
type h2Connector struct{ address, name string }

func (c h2Connector) Driver() driver.Driver { return nil }

func (c h2Connector) Connect(ctx context.Context) (driver.Conn, error) {
	return oraconn.Guard(func(ctx context.Context) (driver.Conn, error) {
		return dialH2(ctx, c.address, c.name)
	})(ctx)
}

func dialH2(ctx context.Context, address, name string) (*h2Conn, error) {
	s, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	conn := &h2Conn{socket: s, r: bufio.NewReader(s), w: bufio.NewWriter(s)}
	conn.text('o', name)
	if _, err := conn.changed(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return conn, nil
}

// h2Conn is a connection to the bridge.
type h2Conn struct {
	socket net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	failed error
}

func (c *h2Conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not used") }
func (c *h2Conn) Begin() (driver.Tx, error)           { return nil, errors.New("not used") }
func (c *h2Conn) Close() error                        { return c.socket.Close() }

// CheckNamedValue takes everything: the driver fails when it sends.
func (c *h2Conn) CheckNamedValue(*driver.NamedValue) error { return nil }

func (c *h2Conn) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts.ReadOnly || opts.Isolation != 0 {
		return nil, errors.New("only support default value for isolation")
	}
	_, err := c.simple('b')
	return c, err
}

func (c *h2Conn) Commit() error   { _, err := c.simple('c'); return err }
func (c *h2Conn) Rollback() error { _, err := c.simple('r'); return err }

func (c *h2Conn) simple(request byte) (int64, error) {
	c.failed = c.w.WriteByte(request)
	return c.changed()
}

// text sends a request with a text.
func (c *h2Conn) text(request byte, s string) {
	c.failed = c.w.WriteByte(request)
	c.bytes([]byte(s))
}

func (c *h2Conn) bytes(b []byte) {
	c.write(int32(len(b)))
	c.write(b)
}

func (c *h2Conn) write(v any) {
	if c.failed == nil {
		c.failed = binary.Write(c.w, binary.BigEndian, v)
	}
}

// answer sends what was written and reads the first byte of the answer.
func (c *h2Conn) answer() (byte, error) {
	if err := errors.Join(c.failed, c.w.Flush()); err != nil {
		return 0, err
	}
	kind, err := c.r.ReadByte()
	if err != nil || kind != 'e' {
		return kind, err
	}
	code, err := c.number()
	if err != nil {
		return 0, err
	}
	words, _, err := c.value()
	if err != nil {
		return 0, err
	}
	return 0, oracleErrorOf(code, string(words))
}

func (c *h2Conn) changed() (int64, error) {
	kind, err := c.answer()
	if err != nil {
		return 0, err
	}
	if kind != 'u' {
		return 0, fmt.Errorf("the bridge answers %c", kind)
	}
	return c.number()
}

func (c *h2Conn) number() (int64, error) {
	var n int32
	err := binary.Read(c.r, binary.BigEndian, &n)
	return int64(n), err
}

// value reads a text or bytes, or null.
func (c *h2Conn) value() (b []byte, null bool, err error) {
	n, err := c.number()
	if err != nil || n < 0 {
		return nil, true, err
	}
	b = make([]byte, n)
	_, err = io.ReadFull(c.r, b)
	return b, false, err
}

// oracleErrorOf gives H2's errors the numbers that Oracle's have.
func oracleErrorOf(h2 int64, words string) error {
	code, ok := map[int64]int{
		23505: 1, 23506: 2291, 23503: 2292, 40001: 60, 50200: 30006, 90131: 8177, 42101: 955, 42111: 955, 42121: 1430,
		22001: 12899, 23502: 1400, 23513: 2290, 42102: 942, 42122: 904, 1453: 1453, 1456: 1456,
	}[h2]
	if !ok {
		code = 900
	}
	return &network.OracleError{ErrCode: code, ErrMsg: fmt.Sprintf("ORA-%05d: H2 %d: %s", code, h2, words)}
}

func (c *h2Conn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.send(query, args); err != nil {
		return nil, err
	}
	n, err := c.changed()
	return driver.RowsAffected(n), err
}

func (c *h2Conn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.send(query, args); err != nil {
		return nil, err
	}
	kind, err := c.answer()
	if err != nil {
		return nil, err
	}
	if kind != 'q' {
		return nil, fmt.Errorf("%s is no query", query)
	}
	n, err := c.number()
	if err != nil {
		return nil, err
	}
	rows := &h2Rows{c: c}
	for range n {
		name, _, err := c.value()
		if err != nil {
			return nil, err
		}
		kind, err := c.r.ReadByte()
		if err != nil {
			return nil, err
		}
		rows.names, rows.kinds = append(rows.names, string(name)), append(rows.kinds, kind)
	}
	return rows, nil
}

var markPattern = regexp.MustCompile(`:\d+`)

// send sends a statement with what its placeholders stand for. It refuses what
// the driver refuses, or would send as a LONG, which no column of ours takes.
func (c *h2Conn) send(query string, args []driver.NamedValue) error {
	rewritten, n := h2Marks(query)
	if n != len(args) {
		return fmt.Errorf("%d values for the %d placeholders of %s", len(args), n, query)
	}
	c.text('x', rewritten)
	c.write(int32(len(args)))
	for i, a := range args {
		switch v := a.Value.(type) {
		case nil:
			c.write([]byte{'s'})
			c.write(int32(-1))
		case int64:
			c.write([]byte{'i'})
			c.write(v)
		case int:
			c.write([]byte{'i'})
			c.write(int64(v))
		case string:
			if len(v) > 4000 {
				return fmt.Errorf("value %d of %s has %d bytes; bind it as a CLOB", i+1, query, len(v))
			}
			c.write([]byte{'s'})
			c.bytes([]byte(v))
		case ora.Clob:
			c.write([]byte{'s'})
			c.nullable([]byte(v.String), !v.Valid)
		case ora.Blob:
			c.write([]byte{'b'})
			c.nullable(v.Data, v.Data == nil)
		default:
			return fmt.Errorf("value %d of %s is a %T, which is not bound as we want it", i+1, query, v)
		}
	}
	return nil
}

func (c *h2Conn) nullable(b []byte, null bool) {
	if null {
		c.write(int32(-1))
		return
	}
	c.bytes(b)
}

// h2Marks rewrites the placeholders outside of literals, and counts them; -1 when
// they are not :1, :2 and so on, each once.
func h2Marks(query string) (string, int) {
	parts, n := strings.Split(query, "'"), 0
	for i := 0; i < len(parts); i += 2 {
		parts[i] = markPattern.ReplaceAllStringFunc(parts[i], func(m string) string {
			if n++; m != ":"+strconv.Itoa(n) {
				n = -1 << 20
			}
			return "?"
		})
	}
	return strings.Join(parts, "'"), max(n, -1)
}

// h2Rows gives values as the driver does: numbers and CLOBs as text.
type h2Rows struct {
	c     *h2Conn
	names []string
	kinds []byte
	over  bool
}

func (r *h2Rows) Columns() []string { return r.names }

// Close reads what is left.
func (r *h2Rows) Close() error {
	for !r.over {
		if err := r.Next(make([]driver.Value, len(r.names))); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

func (r *h2Rows) Next(dest []driver.Value) error {
	if r.over {
		return io.EOF
	}
	kind, err := r.c.r.ReadByte()
	if err != nil {
		r.over = true
		return err
	}
	if kind != 'r' {
		r.over = true
		return io.EOF
	}
	for i := range dest {
		b, null, err := r.c.value()
		switch {
		case err != nil:
			r.over = true
			return err
		case null:
			dest[i] = nil
		case r.kinds[i] == 'b':
			dest[i] = b
		default:
			dest[i] = string(b)
		}
	}
	return nil
}

// h2Refuses asks whether H2 refuses a text, on the database of a DSN.
func h2Refuses(ctx context.Context, dsn odb.DSN, text string) (bool, error) {
	conn, err := dialH2(ctx, dsn.Hosts[0], dsn.Database)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	text, _ = h2Marks(text)
	conn.text('p', text)
	_, err = conn.changed()
	if oraconn.Code(err) != 0 {
		return true, nil
	}
	return false, err
}
