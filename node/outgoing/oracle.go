package outgoing

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	ora "github.com/sijms/go-ora/v2"
	"github.com/sijms/go-ora/v2/network"
)

// The longest values that go-ora sends as plain text and bytes; longer ones are
// bound as CLOB and BLOB, which every column of that kind takes.
const (
	maxOracleText = 4000
	maxOracleRaw  = 2000
)

// openOracle connects to Oracle Database. The driver panics on broken packets,
// so everything it does is contained (see guard.go).
func openOracle(cfg sqlConfig) (connectFunc, dialect, error) {
	for _, name := range []string{"SSL", "SSL VERIFY"} {
		if v, ok := cfg.spec.Options[name]; ok && !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
			return nil, dialect{}, fmt.Errorf("the option %s is %q; true or false is needed", name, v)
		}
	}
	if strings.ContainsAny(cfg.spec.Database+cfg.spec.Options["SID"]+cfg.spec.Host, "()=/ ") {
		return nil, dialect{}, errors.New("the host or the service name has one of ()=/ or a blank in it")
	}
	if _, err := ora.ParseConfig(oracleURL(cfg, "")); err != nil {
		return nil, dialect{}, fmt.Errorf("read the options: %w", err)
	}
	return guardConnect(func(ctx context.Context) (driver.Conn, error) { return connectOracle(ctx, cfg) }), oracleDialect(), nil
}

// connectOracle makes one connection. The driver leaves its socket open when it
// fails in the middle, so the sockets are closed here.
func connectOracle(ctx context.Context, cfg sqlConfig) (conn driver.Conn, err error) {
	password, err := cfg.password()
	if err != nil {
		return nil, err
	}
	connector, ok := ora.NewConnector(oracleURL(cfg, password)).(*ora.OracleConnector)
	if !ok {
		return nil, errors.New("the driver gave an unknown connector")
	}
	var sockets []net.Conn
	done := false
	defer func() {
		for _, s := range sockets {
			if !done {
				_ = s.Close() // it failed already
			}
		}
	}()
	connector.Dialer(oracleDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
		s, err := cfg.dial(ctx, network, address)
		if err == nil {
			sockets = append(sockets, s)
		}
		return s, err
	}))
	conn, err = connector.Connect(ctx)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s closed the connection: is this an Oracle listener?", cfg.address(1521))
	}
	done = err == nil
	return conn, err
}

// oracleURL writes the driver's connection string.
func oracleURL(cfg sqlConfig, password string) string {
	query := url.Values{}
	for name, value := range cfg.spec.Options {
		query.Set(name, value)
	}
	u := url.URL{
		Scheme: "oracle", User: url.UserPassword(cfg.spec.Username, password), Host: cfg.address(1521),
		Path: "/" + cfg.spec.Database, RawQuery: query.Encode(),
	}
	return u.String()
}

// oracleDialer is the driver's interface to a dial function.
type oracleDialer func(ctx context.Context, network, address string) (net.Conn, error)

// DialContext implements configurations.DialerContext.
func (d oracleDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}

func oracleDialect() dialect {
	return dialect{
		lexis:   lexis{quoteQ: true, colonDigit: true},
		mark:    func(n int) string { return ":" + strconv.Itoa(n) },
		banned:  []string{"COMMIT", "ROLLBACK", "SAVEPOINT", "ALTER SESSION", "SET ROLE"},
		prepare: func(bool, int) bool { return false }, // the protocol takes one statement only
		bind:    bindOracle,
		value:   oracleValue,
		fault:   oracleFault,
	}
}

// bindOracle gives decimals as text: the session's number format has the point.
func bindOracle(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case decimal:
		return string(v), nil
	case string:
		if len(v) > maxOracleText {
			return ora.Clob{String: v, Valid: true}, nil
		}
	case []byte:
		if len(v) > maxOracleRaw {
			return ora.Blob{Data: v}, nil
		}
	}
	return v, nil
}

func oracleValue(v any, typeName string) (any, error) {
	switch v := v.(type) {
	case time.Time:
		if strings.Contains(typeName, "TZ") {
			return instant(v), nil
		}
		return wallClock(v), nil
	case float32:
		return float64(v), nil
	case nil, bool, int64, uint64, float64, string, []byte:
		return v, nil
	}
	return nil, fmt.Errorf("has the type %s, which cannot be given; convert it in the query", typeName)
}

func oracleFault(err error) (dbFault, bool) {
	e, ok := errors.AsType[*network.OracleError](err)
	if !ok {
		return dbFault{}, false
	}
	f := dbFault{message: e.Error(), number: e.ErrCode}
	switch e.ErrCode {
	case 1:
		f.constraint = constraintUnique
	case 2291, 2292:
		f.constraint = constraintForeignKey
	case 1400, 1407:
		f.constraint = constraintNotNull
	case 2290:
		f.constraint = constraintCheck
	case 54, 60, 8177:
		f.transient = true
	case 28, 1012, 1033, 1034, 1089, 1090, 1092, 3113, 3114, 3135, 12514, 12528, 12537, 12541:
		f.lost = true
	}
	return f, true
}
