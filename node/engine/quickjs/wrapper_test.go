package quickjs_test

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/library"
	"signalbox.internal/node/sdk/typescript"
	"signalbox.internal/node/service"
)

// ofEngine are the operations that the engine itself answers.
var ofEngine = []string{"call.http", "call.settings", "call.user"}

// TestWrappers: the SDK wraps every operation of the node, and asks for no other one.
func TestWrappers(t *testing.T) {
	host, err := service.NewHost()
	if err != nil {
		t.Fatal(err)
	}
	offered := slices.Concat(host.Names(), outgoingOperations(t), ofEngine)
	used := usedOperations(t)
	for _, op := range offered {
		if !slices.Contains(used, op) {
			t.Errorf("the SDK has no wrapper of %s", op)
		}
	}
	for _, op := range used {
		if !slices.Contains(offered, op) {
			t.Errorf("the SDK asks for %s, which no node offers", op)
		}
	}
}

// outgoingOperations reads the table of operations in the page that describes them.
func outgoingOperations(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../outgoing/DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	var ops []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+\\.[a-zA-Z]+)` \\|").FindAllSubmatch(page, -1) {
		ops = append(ops, string(row[1]))
	}
	for _, op := range []string{"http.request", "sql.query", "sql.one", "sql.exec", "sql.transaction", "outgoing.ping"} {
		if !slices.Contains(ops, op) {
			t.Fatalf("the table of operations has no row of %s: %q", op, ops)
		}
	}
	return ops
}

// usedOperations finds the operations that the SDK asks for; its test kit, which
// fakes them, is left out.
func usedOperations(t *testing.T) []string {
	t.Helper()
	asked := regexp.MustCompile(`(?:\bhost|#host|\bthis\.run)(?:<[^()]*>)?\(\s*"([^"]+)"`)
	found := map[string]bool{}
	err := fs.WalkDir(typescript.Files(), "src", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "src/test/") {
			return err
		}
		text, err := fs.ReadFile(typescript.Files(), name)
		for _, m := range asked.FindAllSubmatch(text, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// wrapped has an expression for each operation of the library, with all options
// that its wrapper has, and the JSON of its value: so every argument arrives
// under the name that the node knows.
var wrapped = map[string]struct{ code, want string }{
	"json.canonical":  {`sdk.json.canonical({ b: 1, a: [2] })`, `"{\"a\":[2],\"b\":1}"`},
	"json.pointer":    {`[sdk.json.pointer({ a: [7] }, "/a/0"), sdk.json.pointer({}, "/a", 8), sdk.json.pointer({}, "/a", null)]`, `[7,8,null]`},
	"json.merge":      {`sdk.json.merge({ a: 1, b: 2 }, { b: null, c: 3 })`, `{"a":1,"c":3}`},
	"xml.parse":       {`sdk.xml.parse("<p:a xmlns:p='u'><p:b> 1 </p:b></p:a>", { namespaces: { q: "u" }, arrays: ["q:b"], trim: true, preserve: false })`, `{"q:a":{"q:b":["1"]}}`},
	"xml.format":      {`sdk.xml.format([1, 2], { root: "r", item: "i", namespaces: { z: "u" }, declaration: false, indent: 0 })`, `"<r xmlns:z=\"u\"><i>1</i><i>2</i></r>"`},
	"xml.xpath":       {`[sdk.xml.xpath("<a><b>1</b></a>", "//b", { namespaces: "strip" }), sdk.xml.first("<a><b> 1 </b></a>", "//b", { trim: true }), sdk.xml.first("<a/>", "//b")]`, `[["1"],"1",null]`},
	"csv.parse":       {`[sdk.csv.parse({ base64: "I2MKYTti" }, { delimiter: ";", header: true, comment: "#", lazyQuotes: true, trim: true, charset: "utf-8" }), sdk.csv.parse("x\n1", { columns: ["n"] }), sdk.csv.rows("1,2", { delimiter: "," })]`, `[[],[{"n":"1"}],[["1","2"]]]`},
	"csv.format":      {`sdk.csv.format([{ a: 1, b: 2 }], { delimiter: ";", header: true, columns: ["b"], crlf: true })`, `"b\r\n2\r\n"`},
	"base64.encode":   {`[sdk.base64.encode({ base64: "-_8" }), sdk.base64.encode("hi", { alphabet: "url", padding: false })]`, `["+/8=","aGk"]`},
	"base64.decode":   {`[sdk.base64.decode("aGk="), sdk.base64.toHex("aGk=")]`, `["hi","6869"]`},
	"hex.encode":      {`[sdk.hex.encode("hi"), sdk.hex.encode({ base64: "aGk=" })]`, `["6869","6869"]`},
	"hex.decode":      {`[sdk.hex.decode("6869"), sdk.hex.toBase64("6869")]`, `["hi","aGk="]`},
	"hash":            {`[sdk.hash("crc32", "hi"), sdk.hash("crc32", { base64: "aGk=" }, "base64")]`, `["d8932aac","2JMqrA=="]`},
	"hmac":            {`sdk.hmac.sign("md5", "Jefe", "what do ya want for nothing?")`, `"750c783e6ab0b503eaa86e310a5db738"`},
	"hmac.verify":     {`[sdk.hmac.verify("md5", { base64: "SmVmZQ==" }, "what do ya want for nothing?", "dQx4PmqwtQPqqG4xCl23OA==", "base64"), sdk.hmac.verify("md5", "k", "x", "00")]`, `[true,false]`},
	"random.bytes":    {`[sdk.random.bytes(3).length, sdk.random.bytes(3, "hex").length]`, `[4,6]`},
	"random.uuid":     {`[sdk.uuid()[14], sdk.uuid(7)[14]]`, `["4","7"]`},
	"decimal.add":     {`sdk.decimal.add("1.10", 2.2)`, `"3.30"`},
	"decimal.sub":     {`sdk.decimal.sub(1, "0.05")`, `"0.95"`},
	"decimal.mul":     {`sdk.decimal.mul("19.99", 3)`, `"59.97"`},
	"decimal.div":     {`[sdk.decimal.div(2, 3, 4), sdk.decimal.div(2, 3, 4, "down")]`, `["0.6667","0.6666"]`},
	"decimal.round":   {`[sdk.decimal.round("2.345", 2), sdk.decimal.round("2.345", 2, "up")]`, `["2.34","2.35"]`},
	"decimal.cmp":     {`[sdk.decimal.cmp(1, 2), sdk.decimal.equal("1.0", "1.00")]`, `[-1,true]`},
	"decimal.sum":     {`sdk.decimal.sum(["1.1", 2])`, `"3.1"`},
	"decimal.format":  {`sdk.decimal.format("1234.567", { scale: 2, mode: "down", group: " ", point: "," })`, `"1 234,56"`},
	"date.now":        {`[sdk.date.now().at(-1), sdk.date.now("+02:00").slice(-6)]`, `["Z","+02:00"]`},
	"date.parse":      {`[sdk.date.parse("2026-01-02"), sdk.date.parse("02.01.2026", "dd.MM.yyyy", "+02:00")]`, `["2026-01-02T00:00:00Z","2026-01-02T00:00:00+02:00"]`},
	"date.format":     {`[sdk.date.format(0), sdk.date.format("2026-01-02T00:00:00Z", "dd.MM.yyyy HH", "+02:00")]`, `["1970-01-01T00:00:00Z","02.01.2026 02"]`},
	"date.add":        {`sdk.date.add("2026-01-31", { years: 1, months: 1, weeks: 1, days: -7, hours: 1, minutes: 2, seconds: 3, milliseconds: 4, zone: "UTC" })`, `"2027-02-28T01:02:03.004Z"`},
	"date.diff":       {`[sdk.date.diff("2026-03-29", "2026-03-30", "hours"), sdk.date.diff("2026-03-29", "2026-03-30", "hours", "Europe/Warsaw")]`, `[24,23]`},
	"date.startOf":    {`[sdk.date.startOf("2026-05-14", "month"), sdk.date.startOf("2026-05-14", "week", { zone: "UTC", weekStart: "sunday" })]`, `["2026-05-01T00:00:00Z","2026-05-10T00:00:00Z"]`},
	"date.zones":      {`[sdk.date.zones("Europe/Wars"), sdk.date.zones().length > 300]`, `[["Europe/Warsaw"],true]`},
	"template.render": {`[sdk.template.render("x"), sdk.template.render("{{.a}}", { a: "<" }, { mode: "html", strict: true })]`, `["x","&lt;"]`},
	"url.encode":      {`[sdk.url.encode("a b"), sdk.url.encode("a b", "path")]`, `["a+b","a%20b"]`},
	"url.decode":      {`[sdk.url.decode("a+b"), sdk.url.decode("a+b", "path")]`, `["a b","a+b"]`},
	"url.parse":       {`sdk.url.parse("https://u:p@h:1/p?a=1&a=2#f")`, `{"scheme":"https","user":"u","host":"h","port":"1","path":"/p","query":{"a":["1","2"]},"fragment":"f"}`},
	"form.parse":      {`sdk.form.parse("a=1&b=2&a=3")`, `{"a":["1","3"],"b":"2"}`},
	"form.format":     {`sdk.form.format({ a: [1, "x"], b: true })`, `"a=1&a=x&b=true"`},
}

// TestLibrary calls every wrapper of the library.
func TestLibrary(t *testing.T) {
	for op := range library.Ops() {
		if _, ok := wrapped[op]; !ok {
			t.Errorf("no expression tests the wrapper of %s", op)
		}
	}
	var body strings.Builder
	for op, tc := range wrapped {
		body.WriteString(`  "` + op + `": () => ` + tc.code + ",\n")
	}
	n := newNode(t, quickjs.Config{}, nil)
	n.deploy(source(`import * as sdk from "@signalbox/sdk";
const table: { [op: string]: () => unknown } = {
` + body.String() + `};
export const s = sdk.service({ name: "s", input: sdk.t.string(), handle: (_ctx, op) => table[op]!() });`))
	for op, tc := range wrapped {
		t.Run(op, func(t *testing.T) { n.want("s", `"`+op+`"`, tc.want) })
	}
}
