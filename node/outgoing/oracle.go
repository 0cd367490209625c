package outgoing

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"

	"signalbox.internal/odb/oraconn"
)

// The longest values that go-ora sends as plain text and bytes; longer ones are
// bound as CLOB and BLOB, which every column of that kind takes.
const (
	maxOracleText = 4000
	maxOracleRaw  = 2000
)

// openOracle connects to Oracle Database.
func openOracle(cfg sqlConfig) (connectFunc, dialect, error) {
	conf := oraconn.Config{
		Hosts: []string{cfg.address(1521)}, Service: cfg.spec.Database, User: cfg.spec.Username, Options: cfg.spec.Options, Dial: cfg.dial,
	}
	if err := conf.Check(); err != nil {
		return nil, dialect{}, err
	}
	return func(ctx context.Context) (driver.Conn, error) {
		conf := conf
		var err error
		if conf.Password, err = cfg.password(); err != nil {
			return nil, err
		}
		return conf.Connect(ctx)
	}, oracleDialect(), nil
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
			return oraconn.Clob(v), nil
		}
	case []byte:
		if len(v) > maxOracleRaw {
			return oraconn.Blob(v), nil
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
	code := oraconn.Code(err)
	if code == 0 {
		return dbFault{}, false
	}
	f := dbFault{message: oraconn.Message(err), number: code}
	switch code {
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
