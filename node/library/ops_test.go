package library

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"signalbox.internal/node/library/fault"
)

// call runs one operation as an engine does.
func call(t testing.TB, name, args string) (string, error) {
	t.Helper()
	op := Ops()[name]
	if op == nil {
		t.Fatalf("there is no operation %s", name)
	}
	v, err := op(t.Context(), json.RawMessage(args))
	if err != nil {
		if fault.Code(err) == "" {
			t.Fatalf("%s: untyped error %v", name, err)
		}
		return "", err
	}
	raw, ok := v.(json.RawMessage)
	if !ok || !json.Valid(raw) {
		t.Fatalf("%s gives %T %s", name, v, raw)
	}
	return string(raw), nil
}

func TestOperations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ op, args, want, code string }{
		"canonical":           {"json.canonical", `{"value":{"b":[1.0,1e21,1e-7,-0],"a":"\u00e9\n<"}}`, `"{\"a\":\"é\\n<\",\"b\":[1,1e+21,1e-7,0]}"`, ""},
		"canonical, null":     {"json.canonical", `{"value":null}`, `"null"`, ""},
		"canonical, large":    {"json.canonical", `{"value":1e999}`, "", "json.number"},
		"pointer":             {"json.pointer", `{"value":{"a":[{"b/~":7}]},"pointer":"/a/0/b~1~0"}`, `7`, ""},
		"pointer, null":       {"json.pointer", `{"value":{"a":null},"pointer":"/a","default":1}`, `null`, ""},
		"pointer, default":    {"json.pointer", `{"value":{},"pointer":"/a","default":{"x":1}}`, `{"x":1}`, ""},
		"pointer, no default": {"json.pointer", `{"value":{},"pointer":"/a"}`, "", "json.missing"},
		"pointer, wrong":      {"json.pointer", `{"value":{},"pointer":"a"}`, "", "json.pointer"},
		"merge":               {"json.merge", `{"target":{"a":{"b":1,"c":2},"d":1},"patch":{"a":{"b":null,"e":3},"d":[1]}}`, `{"a":{"c":2,"e":3},"d":[1]}`, ""},

		"xml":                {"xml.parse", `{"text":"<?xml version='1.0' encoding='iso-8859-2'?><a n='1'><b>Łódź</b></a>"}`, `{"a":{"@n":"1","b":"Łódź"}}`, ""},
		"xml, bytes":         {"xml.parse", `{"base64":"` + b64("<?xml version='1.0' encoding='iso-8859-2'?><a>\xa3</a>") + `"}`, `{"a":"Ł"}`, ""},
		"xml, strip":         {"xml.parse", `{"text":"<p:a xmlns:p='u'/>","namespaces":"strip","arrays":["b"],"trim":true}`, `{"a":""}`, ""},
		"xml, keep":          {"xml.parse", `{"text":"<p:a xmlns:p='u'/>","namespaces":"keep"}`, `{"p:a":{"@xmlns:p":"u"}}`, ""},
		"xml, chosen":        {"xml.parse", `{"text":"<p:a xmlns:p='u'><b/></p:a>","namespaces":{"x":"u"}}`, `{"x:a":{"b":""}}`, ""},
		"xml, preserve":      {"xml.parse", `{"text":"<a>x<b/></a>","preserve":true}`, `{"a":{"#children":["x",{"b":""}]}}`, ""},
		"xml, wrong mode":    {"xml.parse", `{"text":"<a/>","namespaces":"drop"}`, "", "library.arguments"},
		"xml, wrong map":     {"xml.parse", `{"text":"<a/>","namespaces":[1]}`, "", "library.arguments"},
		"xml, wrong":         {"xml.parse", `{"text":"<a>"}`, "", "xml.syntax"},
		"xml format":         {"xml.format", `{"value":{"z:b":1,"a":[true,null]},"root":"r","namespaces":{"z":"u"},"declaration":true,"indent":1}`, `"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r xmlns:z=\"u\">\n <z:b>1</z:b>\n <a>true</a>\n <a/>\n</r>"`, ""},
		"xml format, items":  {"xml.format", `{"value":[1,2],"root":"r","item":"i"}`, `"<r><i>1</i><i>2</i></r>"`, ""},
		"xml format, indent": {"xml.format", `{"value":{"a":1},"indent":99}`, "", "xml.options"},
		"xml format, null":   {"xml.format", `{"value":null}`, "", "xml.value"},
		"xpath":              {"xml.xpath", `{"text":"<a><b>1</b><b>2</b></a>","expr":"//b"}`, `["1","2"]`, ""},
		"xpath, first":       {"xml.xpath", `{"text":"<a><b>1</b><b>2</b></a>","expr":"//b","first":true}`, `"1"`, ""},
		"xpath, no first":    {"xml.xpath", `{"text":"<a/>","expr":"//b","first":true}`, `null`, ""},
		"xpath, number":      {"xml.xpath", `{"text":"<a><b>1</b></a>","expr":"count(//b)","first":true}`, `1`, ""},
		"xpath, wrong":       {"xml.xpath", `{"text":"<a/>","expr":"//"}`, "", "xpath.syntax"},

		"csv":                {"csv.parse", `{"text":"id;name\n1;\"a;b\"\n","delimiter":";"}`, `[{"id":"1","name":"a;b"}]`, ""},
		"csv, charset":       {"csv.parse", `{"base64":"` + b64("n\n\xa3") + `","charset":"windows-1250"}`, `[{"n":"Ł"}]`, ""},
		"csv, no header":     {"csv.parse", `{"text":"1,2\n3","header":false}`, `[["1","2"],["3"]]`, ""},
		"csv, text charset":  {"csv.parse", `{"text":"n\n1","charset":"utf-8"}`, "", "library.arguments"},
		"csv, two delim":     {"csv.parse", `{"text":"n\n1","delimiter":";;"}`, "", "library.arguments"},
		"csv format":         {"csv.format", `{"rows":[{"b":1,"a":null},{"c":"x,\"y"}],"crlf":true}`, `"b,a,c\r\n1,,\r\n,,\"x,\"\"y\"\r\n"`, ""},
		"csv format, cols":   {"csv.format", `{"rows":[{"b":1,"a":2}],"columns":["a"],"header":false}`, `"2\n"`, ""},
		"csv format, object": {"csv.format", `{"rows":{}}`, "", "library.arguments"},

		"base64":              {"base64.encode", `{"text":"ż?>"}`, `"xbw/Pg=="`, ""},
		"base64, url":         {"base64.encode", `{"text":"ż?>","alphabet":"url","padding":false}`, `"xbw_Pg"`, ""},
		"base64, bytes":       {"base64.encode", `{"base64":"xbw_\nPg","alphabet":"standard"}`, `"xbw/Pg=="`, ""},
		"base64, alphabet":    {"base64.encode", `{"text":"x","alphabet":"other"}`, "", "library.arguments"},
		"base64 decode":       {"base64.decode", `{"value":"xbw_Pg"}`, `"ż?>"`, ""},
		"base64 decode, hex":  {"base64.decode", `{"value":"/w==","as":"hex"}`, `"ff"`, ""},
		"base64 decode, text": {"base64.decode", `{"value":"/w=="}`, "", "encoding.text"},
		"base64 decode, bad":  {"base64.decode", `{"value":"/w==="}`, "", "encoding.base64"},
		"base64 decode, pad":  {"base64.decode", `{"value":"/w=x"}`, "", "encoding.base64"},
		"hex":                 {"hex.encode", `{"text":"ż"}`, `"c5bc"`, ""},
		"hex decode":          {"hex.decode", `{"value":"C5BC"}`, `"ż"`, ""},
		"hex decode, bytes":   {"hex.decode", `{"value":"ff","as":"base64"}`, `"/w=="`, ""},
		"hex decode, bad":     {"hex.decode", `{"value":"f"}`, "", "encoding.hex"},
		"sha256":              {"hash", `{"algorithm":"sha256","text":"abc"}`, `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`, ""},
		"sha384":              {"hash", `{"algorithm":"sha384","text":"abc","as":"base64"}`, `"ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn"`, ""},
		"sha512":              {"hash", `{"algorithm":"sha512","text":"abc","as":"base64url"}`, `"3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05ohkpkqJ0_BqDa6PCOj_uu9RU1EI2Q86A4qmslPpUyknw"`, ""},
		"sha1":                {"hash", `{"algorithm":"sha1","text":"abc"}`, `"a9993e364706816aba3e25717850c26c9cd0d89d"`, ""},
		"md5":                 {"hash", `{"algorithm":"md5","base64":"YWJj"}`, `"900150983cd24fb0d6963f7d28e17f72"`, ""},
		"crc32":               {"hash", `{"algorithm":"crc32","text":"123456789"}`, `"cbf43926"`, ""},
		"hash, unknown":       {"hash", `{"algorithm":"sha3","text":""}`, "", "hash.algorithm"},
		"hmac":                {"hmac", `{"algorithm":"sha256","key":"Jefe","text":"what do ya want for nothing?"}`, `"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"`, ""},
		"hmac, key bytes":     {"hmac", `{"algorithm":"md5","keyBase64":"SmVmZQ==","text":"what do ya want for nothing?"}`, `"750c783e6ab0b503eaa86e310a5db738"`, ""},
		"hmac, no key":        {"hmac", `{"algorithm":"sha256","key":"","text":"x"}`, "", "hmac.key"},
		"hmac, crc32":         {"hmac", `{"algorithm":"crc32","key":"k","text":"x"}`, "", "hash.algorithm"},
		"hmac, two keys":      {"hmac", `{"algorithm":"md5","key":"k","keyBase64":"aw==","text":"x"}`, "", "library.arguments"},
		"verify":              {"hmac.verify", `{"algorithm":"md5","key":"Jefe","text":"what do ya want for nothing?","signature":"750C783E6AB0B503EAA86E310A5DB738"}`, `true`, ""},
		"verify, base64":      {"hmac.verify", `{"algorithm":"md5","key":"Jefe","text":"what do ya want for nothing?","signature":"dQx4PmqwtQPqqG4xCl23OA==","as":"base64"}`, `true`, ""},
		"verify, other":       {"hmac.verify", `{"algorithm":"md5","key":"Jefe","text":"what?","signature":"750c783e6ab0b503eaa86e310a5db738"}`, `false`, ""},
		"verify, malformed":   {"hmac.verify", `{"algorithm":"md5","key":"Jefe","text":"x","signature":"zz"}`, `false`, ""},
		"verify, empty":       {"hmac.verify", `{"algorithm":"md5","key":"Jefe","text":"x","signature":""}`, `false`, ""},
		"random, none":        {"random.bytes", `{"length":0}`, "", "random.length"},
		"random, many":        {"random.bytes", `{"length":65537}`, "", "random.length"},
		"uuid, version":       {"random.uuid", `{"version":1}`, "", "random.version"},

		"add":             {"decimal.add", `{"a":"1.10","b":2.2}`, `"3.30"`, ""},
		"sub":             {"decimal.sub", `{"a":1,"b":"0.05"}`, `"0.95"`, ""},
		"mul":             {"decimal.mul", `{"a":"19.99","b":3}`, `"59.97"`, ""},
		"div":             {"decimal.div", `{"a":2,"b":3,"scale":4,"mode":"up"}`, `"0.6667"`, ""},
		"div by zero":     {"decimal.div", `{"a":2,"b":0,"scale":4}`, "", "decimal.zero"},
		"div, scale":      {"decimal.div", `{"a":2,"b":3,"scale":1e3}`, "", "library.arguments"},
		"div, far scale":  {"decimal.div", `{"a":2,"b":3,"scale":99999999999999}`, "", "decimal.scale"},
		"round":           {"decimal.round", `{"value":"2.345","scale":2}`, `"2.34"`, ""},
		"round, mode":     {"decimal.round", `{"value":"2.345","scale":2,"mode":"best"}`, "", "decimal.mode"},
		"cmp":             {"decimal.cmp", `{"a":"1.0","b":1}`, `0`, ""},
		"sum":             {"decimal.sum", `{"values":["1.10",2,-0.1]}`, `"3.00"`, ""},
		"sum, none":       {"decimal.sum", `{"values":[]}`, `"0"`, ""},
		"sum, bad":        {"decimal.sum", `{"values":["x"]}`, "", "decimal.invalid"},
		"sum, bool":       {"decimal.sum", `{"values":[true]}`, "", "decimal.invalid"},
		"sum, object":     {"decimal.sum", `{"values":[{}]}`, "", "decimal.invalid"},
		"sum, bomb":       {"decimal.sum", `{"values":[1e999999999]}`, "", "decimal.invalid"},
		"sum, many":       {"decimal.sum", `{"values":[` + strings.Repeat("1,", 500_000) + `1]}`, "", "library.limit"},
		"sum, too large":  {"decimal.sum", `{"values":["9e999","1e999"]}`, "", "decimal.limit"},
		"sum, no list":    {"decimal.sum", `{"values":1}`, "", "library.arguments"},
		"bomb":            {"decimal.add", `{"a":1e1000000000,"b":1}`, "", "decimal.limit"},
		"decimal of bool": {"decimal.add", `{"a":true,"b":1}`, "", "decimal.invalid"},
		"format":          {"decimal.format", `{"value":1234567.891,"scale":2,"group":" ","point":",","mode":"down"}`, `"1 234 567,89"`, ""},
		"format, as is":   {"decimal.format", `{"value":"1234.50"}`, `"1234.50"`, ""},

		"date parse":         {"date.parse", `{"text":"29.03.2026 02:30","format":"dd.MM.yyyy HH:mm","zone":"Europe/Warsaw"}`, `"2026-03-29T03:30:00+02:00"`, ""},
		"date parse, text":   {"date.parse", `{"text":"soon"}`, "", "date.text"},
		"date parse, zone":   {"date.parse", `{"text":"2026-01-01","zone":"Mars/Base"}`, "", "date.zone"},
		"date format":        {"date.format", `{"date":"2026-03-29T00:30:00Z","format":"d MMM yyyy HH:mm XXX","zone":"Asia/Tokyo"}`, `"29 Mar 2026 09:30 +09:00"`, ""},
		"date format, as is": {"date.format", `{"date":"2026-03-29T00:30:00+05:00"}`, `"2026-03-29T00:30:00+05:00"`, ""},
		"date format, ms":    {"date.format", `{"date":1774744200000}`, `"2026-03-29T00:30:00Z"`, ""},
		"date format, part":  {"date.format", `{"date":1.5}`, "", "date.text"},
		"date format, bool":  {"date.format", `{"date":true}`, "", "date.text"},
		"date add":           {"date.add", `{"date":"2026-01-31","months":1,"hours":-1}`, `"2026-02-27T23:00:00Z"`, ""},
		"date add, zone":     {"date.add", `{"date":"2026-03-28T12:00:00+01:00","days":1,"zone":"Europe/Warsaw"}`, `"2026-03-29T12:00:00+02:00"`, ""},
		"date add, far":      {"date.add", `{"date":"2026-01-31","years":99999}`, "", "date.range"},
		"date add, half":     {"date.add", `{"date":"2026-01-31","days":0.5}`, "", "library.arguments"},
		"date diff":          {"date.diff", `{"from":"2026-03-29","to":"2026-03-30","unit":"hours","zone":"Europe/Warsaw"}`, `23`, ""},
		"date diff, back":    {"date.diff", `{"from":"2026-03-30","to":"2026-01-30","unit":"months"}`, `-2`, ""},
		"date diff, unit":    {"date.diff", `{"from":"2026-03-30","to":"2026-01-30","unit":"days of fun"}`, "", "date.unit"},
		"start of week":      {"date.startOf", `{"date":"2026-05-14T10:00:00Z","unit":"week","weekStart":"sunday"}`, `"2026-05-10T00:00:00Z"`, ""},
		"start, week day":    {"date.startOf", `{"date":"2026-05-14","unit":"week","weekStart":"mon"}`, "", "date.unit"},
		"zones":              {"date.zones", `{"prefix":"Europe/Wars"}`, `["Europe/Warsaw"]`, ""},
		"now, zone":          {"date.now", `{"zone":"x"}`, "", "date.zone"},

		"template":         {"template.render", `{"template":"{{.a}} & {{.b}}","data":{"a":"<","b":1.50}}`, `"< & 1.5"`, ""},
		"template, html":   {"template.render", `{"template":"<b>{{.a}}</b>","data":{"a":"<"},"mode":"html"}`, `"<b>&lt;</b>"`, ""},
		"template, none":   {"template.render", `{"template":"x{{.}}"}`, `"x"`, ""},
		"template, strict": {"template.render", `{"template":"{{.x}}","data":{},"strict":true}`, "", "template.value"},
		"template, wrong":  {"template.render", `{"template":"{{"}`, "", "template.syntax"},
		"template, mode":   {"template.render", `{"template":"x","mode":"pdf"}`, "", "library.arguments"},

		"url encode":        {"url.encode", `{"text":"a b/ż&"}`, `"a+b%2F%C5%BC%26"`, ""},
		"url encode, path":  {"url.encode", `{"text":"a b/ż","part":"path"}`, `"a%20b%2F%C5%BC"`, ""},
		"url decode":        {"url.decode", `{"text":"a+b%2F"}`, `"a b/"`, ""},
		"url decode, path":  {"url.decode", `{"text":"a+b%2F","part":"path"}`, `"a+b/"`, ""},
		"url decode, wrong": {"url.decode", `{"text":"%zz"}`, "", "url.syntax"},
		"url decode, bytes": {"url.decode", `{"text":"%ff"}`, "", "url.syntax"},
		"url":               {"url.parse", `{"url":"https://ala:secret@host:8080/a%20b?x=1&y=2&x=3#f"}`, `{"scheme":"https","user":"ala","host":"host","port":"8080","path":"/a b","query":{"x":["1","3"],"y":"2"},"fragment":"f"}`, ""},
		"url, opaque":       {"url.parse", `{"url":"mailto:ala@example.com"}`, `{"scheme":"mailto","user":"","host":"","port":"","path":"ala@example.com","query":{},"fragment":""}`, ""},
		"url, wrong":        {"url.parse", `{"url":"https://ala:secret@ho st/"}`, "", "url.syntax"},
		"form":              {"form.parse", `{"text":"b=1&a=x+y%21&b=2&&c"}`, `{"b":["1","2"],"a":"x y!","c":""}`, ""},
		"form, wrong":       {"form.parse", `{"text":"a=%"}`, "", "form.syntax"},
		"form format":       {"form.format", `{"values":{"b":[1,"x y"],"a":true,"n":null,"e":""}}`, `"b=1&b=x+y&a=true&e="`, ""},
		"form format, deep": {"form.format", `{"values":{"a":{"b":1}}}`, "", "form.value"},
		"form format, list": {"form.format", `{"values":[1]}`, "", "form.value"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := call(t, tc.op, tc.args)
			if got != tc.want || fault.Code(err) != tc.code {
				t.Errorf("%s(%.500s)\ngot  %s, %v\nwant %s %s", tc.op, tc.args, got, err, tc.want, tc.code)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestArgumentFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ op, args, code, want string }{
		"all at once":      {"decimal.div", `{"a":1,"scale":"2","skale":3}`, "library.arguments", `argument "b" is missing; "scale" is not a whole number; "skale" is unknown; known are a, b, scale, mode`},
		"not an object":    {"decimal.add", `[1,2]`, "library.arguments", "the arguments are not a JSON object"},
		"not JSON":         {"decimal.add", `{"a":`, "library.arguments", "the arguments are not a JSON object"},
		"null is missing":  {"date.parse", `{"text":null}`, "library.arguments", `argument "text" is missing`},
		"neither data":     {"hash", `{"algorithm":"md5"}`, "library.arguments", `argument "text" or "base64" must be there, one of them`},
		"both data":        {"hash", `{"algorithm":"md5","text":"","base64":""}`, "library.arguments", `argument "text" or "base64" must be there, one of them`},
		"bad base64":       {"hash", `{"algorithm":"md5","base64":"*"}`, "library.arguments", `argument "base64" is not base64`},
		"wrong types":      {"xml.parse", `{"text":1,"arrays":"a","trim":"yes"}`, "library.arguments", `argument "text" is not a string; "arrays" is not an array of strings; "trim" is not true or false`},
		"value is missing": {"json.canonical", `{}`, "library.arguments", `argument "value" is missing`},
		"too deep":         {"json.canonical", `{"value":` + strings.Repeat("[", 201) + strings.Repeat("]", 201) + `}`, "json.depth", ""},
		"too large":        {"json.canonical", `{"value":"` + strings.Repeat("x", MaxArguments) + `"}`, "library.limit", ""},
		"large result":     {"hex.encode", `{"text":"` + strings.Repeat("x", 5<<20) + `"}`, "library.limit", ""},
		"repeated names":   {"csv.parse", `{"text":"` + strings.Repeat("n", 100_000) + strings.Repeat(`\nx`, 1000) + `"}`, "library.limit", ""},
		"many faults":      {"date.now", `{` + manyNames() + `}`, "library.arguments", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := call(t, tc.op, tc.args)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Code != tc.code || tc.want != "" && e.Message != tc.want {
				t.Fatalf("got %.100s, %v\nwant %s %s", got, err, tc.code, tc.want)
			}
			if len(e.Message) > 2000 {
				t.Errorf("message of %d bytes", len(e.Message))
			}
			if _, err := json.Marshal(e); err != nil {
				t.Errorf("the error does not encode: %v", err)
			}
		})
	}
}

func manyNames() string {
	var b strings.Builder
	for i := range 1000 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.Repeat("n", i+1) + `":1`)
	}
	return b.String()
}

func TestNow(t *testing.T) {
	t.Parallel()
	ops := OpsAt(func() time.Time { return time.Date(2026, 3, 29, 12, 0, 0, 123_999_999, time.UTC) })
	got, err := ops["date.now"](t.Context(), json.RawMessage(`{"zone":"Europe/Warsaw"}`))
	if raw, ok := got.(json.RawMessage); err != nil || !ok || string(raw) != `"2026-03-29T14:00:00.123+02:00"` {
		t.Errorf("got %s, %v", got, err)
	}
	if got, err := call(t, "date.now", ""); err != nil || !strings.HasSuffix(got, `Z"`) {
		t.Errorf("without arguments: %s, %v", got, err)
	}
}

func TestRandom(t *testing.T) {
	t.Parallel()
	forms := map[string]string{`{}`: "4", `{"version":4}`: "4", `{"version":7}`: "7"}
	for args, version := range forms {
		a, err := call(t, "random.uuid", args)
		b, _ := call(t, "random.uuid", args)
		if err != nil || a == b || !regexp.MustCompile(`^"[0-9a-f]{8}-[0-9a-f]{4}-`+version+`[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$`).MatchString(a) {
			t.Errorf("%s gives %s and %s, %v", args, a, b, err)
		}
	}
	for as, want := range map[string]string{"hex": `^"[0-9a-f]{24}"$`, "base64": `^"[A-Za-z0-9+/]{16}"$`, "base64url": `^"[A-Za-z0-9_-]{16}"$`} {
		a, err := call(t, "random.bytes", `{"length":12,"as":"`+as+`"}`)
		b, _ := call(t, "random.bytes", `{"length":12,"as":"`+as+`"}`)
		if err != nil || a == b || !regexp.MustCompile(want).MatchString(a) {
			t.Errorf("%s gives %s and %s, %v", as, a, b, err)
		}
	}
}

func TestEndedCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, op := range Ops() {
		if _, err := op(ctx, nil); fault.Code(err) != "library.deadline" || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want library.deadline", name, err)
		}
	}
}

// The demo's two documents, as the demo's services read them.
func TestSampleDocuments(t *testing.T) {
	t.Parallel()
	args := func(file, rest string) string {
		doc, err := os.ReadFile("xmlmap/testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return `{"base64":"` + b64(string(doc)) + `",` + rest + `}`
	}
	got, err := call(t, "xml.xpath", args("ecb-daily.xml", `"expr":"//Cube[@currency='PLN']","namespaces":"strip","first":true`))
	if err != nil || got != `{"@currency":"PLN","@rate":"4.1783"}` {
		t.Errorf("rate: %s, %v", got, err)
	}
	got, err = call(t, "xml.parse", args("ubl-order.xml", `"namespaces":"strip","arrays":["OrderLine"]`))
	if err != nil || !strings.HasPrefix(got, `{"Order":{"UBLVersionID":"2.1","CustomizationID":`) {
		t.Errorf("order: %.200s, %v", got, err)
	}
}
