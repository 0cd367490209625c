package outgoing

import (
	"strings"
	"testing"

	ora "github.com/sijms/go-ora/v2"

	"signalbox.internal/odb"
)

func TestOracleValues(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want any }{
		{true, int64(1)}, {false, int64(0)}, {decimal("1.50"), "1.50"}, {int64(7), int64(7)}, {nil, nil}, {"x", "x"},
	} {
		if got, err := bindOracle(tc.in); got != tc.want || err != nil {
			t.Errorf("bindOracle(%v) = %v, %v", tc.in, got, err)
		}
	}
	long := strings.Repeat("x", maxOracleText+1)
	if got, _ := bindOracle(long); got.(ora.Clob).String != long || !got.(ora.Clob).Valid {
		t.Error("long text is no CLOB")
	}
	if got, _ := bindOracle([]byte(long)); string(got.(ora.Blob).Data) != long {
		t.Error("many bytes are no BLOB")
	}
	if _, err := oracleValue(struct{}{}, "XMLType"); err == nil || !strings.Contains(err.Error(), "XMLType") {
		t.Errorf("an unknown type: %v", err)
	}
}

func TestOracleRefuses(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]odb.OutgoingSpec{
		"service with brackets": {Host: "h", Database: "x)(y"}, "host with brackets": {Host: "h)(", Database: "x"},
		"unknown driver": {Host: "h", Database: "x", Driver: "x"},
		"unknown option": {Host: "h", Database: "x", Options: map[string]string{"TRACE": "/tmp"}},
		"bad SSL":        {Host: "h", Database: "x", Options: map[string]string{"SSL": "perhaps"}},
		"bad fetch":      {Host: "h", Database: "x", Options: map[string]string{"LOB FETCH": "perhaps"}},
	} {
		if spec.Driver == "" {
			spec.Driver = "oracle"
		}
		if _, _, err := openDialect(sqlConfig{spec: &spec}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
