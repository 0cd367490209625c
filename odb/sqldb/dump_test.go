package sqldb

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"signalbox.internal/odb"
)

// fill gives every table of a database content, awkward texts included.
func fill(t testing.TB, db *DB) {
	t.Helper()
	fillDefinitions(t, db)
	fillRest(t, db)
}

// fillDefinitions makes content that is whole.
func fillDefinitions(t testing.TB, db *DB) {
	t.Helper()
	ctx := t.Context()
	apply := func(changes ...odb.Change) {
		t.Helper()
		if _, err := db.Apply(ctx, odb.ChangeSet{Actor: odb.Actor{Name: "zoë <&> \"z\"", Source: "cli"}, Reason: "a\nb\\ \U0001f600", Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		s, c := fmt.Sprint("s", i), fmt.Sprint("Kanal ä ", i)
		apply(odb.Change{Op: odb.Create, Kind: "service", Name: s, Spec: []byte(`{"engine":"go"}`)},
			odb.Change{Op: odb.Create, Kind: "channel", Name: c, Spec: fmt.Appendf(nil, `{"path":"/%d","service":"%s"}`, i, s)})
	}
	apply(odb.Change{Op: odb.Rename, Kind: "service", Name: "s1", NewName: "renamed (ü)", Base: 1})
	apply(odb.Change{Op: odb.Delete, Kind: "channel", Name: "Kanal ä 2", Base: 1})
	archive := bytes.Repeat([]byte{0, '\n', 0xff, '{'}, 1000)
	sum := sha256.Sum256(archive)
	for _, err := range []error{
		db.PutPackages(ctx, []odb.Package{{Hash: hex.EncodeToString(sum[:]), Name: "p", Engine: "go", Services: []string{"s1"}, Archive: archive}}),
		db.CreateAccount(ctx, odb.Account{Name: "admin", Role: odb.Admin, Password: "$argon2id$x"}),
		db.CreateAccount(ctx, odb.Account{Name: "zoë", Role: odb.Viewer, Disabled: true}),
		db.CreateToken(ctx, odb.Token{ID: odb.NewID(), Account: "admin", Role: odb.Viewer, Hash: strings.Repeat("ab", 32)}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		l, err := db.TakeLease(ctx, "scheduler", odb.NewID(), time.Minute)
		if err == nil {
			err = db.ReleaseLease(ctx, l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.TakeLease(ctx, "held", odb.NewID(), time.Hour); err != nil {
		t.Fatal(err)
	}
}

// fillRest makes up a row for each table that is still empty.
func fillRest(t testing.TB, db *DB) {
	t.Helper()
	for _, tab := range tables() {
		var n int64
		if err := db.read.db.QueryRowContext(t.Context(), tab.counts()).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			continue
		}
		args := make([]any, len(tab.columns))
		for i, c := range tab.columns {
			switch c.kind {
			case "INT":
				args[i] = int64(1)<<62 + rand.Int64N(1000)
			case "FLAG":
				args[i] = 1
			case "DOC":
				args[i] = `{"ö":1}`
			default:
				args[i] = strings.Repeat("ö", min(max(c.limit, 3), 30))
			}
		}
		if tab.seeded {
			args = append(args[1:], 1)
		}
		if _, err := db.write.db.ExecContext(t.Context(), db.dialect.expand(tab.stores()), args...); err != nil {
			t.Fatalf("%s: %v", tab.name, err)
		}
	}
}

func dump(t testing.TB, db *DB) ([]byte, DumpSummary) {
	t.Helper()
	var b bytes.Buffer
	sum, err := db.Dump(t.Context(), &b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), sum
}

func checksums(t testing.TB, db *DB) []TableSum {
	t.Helper()
	sums, err := db.Checksums(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// roundTrip moves everything from one database to another that is empty.
func roundTrip(t *testing.T, from, to *DB) {
	t.Helper()
	text, sum := dump(t, from)
	var told []Progress
	got, err := to.Restore(t.Context(), bytes.NewReader(text), func(p Progress) { told = append(told, p) })
	if err != nil {
		t.Fatal(err)
	}
	want := checksums(t, from)
	if !slices.Equal(want, sum.Tables) || !slices.Equal(want, got.Tables) || !slices.Equal(want, checksums(t, to)) {
		t.Errorf("sums differ:\n%v\n%v\n%v\n%v", want, sum.Tables, got.Tables, checksums(t, to))
	}
	for _, s := range want {
		if s.Rows == 0 {
			t.Errorf("the test has no row in %s", s.Table)
		}
	}
	if len(told) < len(want) || told[len(told)-1].Rows != got.Rows || got.Rows != sum.Rows {
		t.Errorf("%d rows of %d; progress was %v", got.Rows, sum.Rows, told)
	}
	same(t, from, to)
	if _, err := to.Restore(t.Context(), bytes.NewReader(text), nil); odb.KindOf(err) != odb.Conflict || !strings.Contains(err.Error(), "definition") {
		t.Errorf("a second restore: %v, want a conflict that names what is there", err)
	}
}

// same compares what two databases answer.
func same(t *testing.T, from, to *DB) {
	t.Helper()
	ctx := t.Context()
	answers := func(db *DB) []string {
		var out []string
		snap, err := db.Load(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for rev := range snap.Revision() + 1 {
			at, err := db.StateAt(ctx, rev)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%+v", at.List("")))
		}
		revs, err1 := db.History(ctx, odb.HistoryQuery{Limit: 1000})
		accounts, err2 := db.ListAccounts(ctx)
		tokens, err3 := db.ListTokens(ctx)
		packages, err4 := db.ListPackages(ctx, "")
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return append(out, fmt.Sprintf("%+v", snap.List("")), fmt.Sprintf("%+v", revs), fmt.Sprintf("%+v", accounts), fmt.Sprintf("%+v", tokens), fmt.Sprintf("%+v", packages))
	}
	if a, b := answers(from), answers(to); !slices.Equal(a, b) {
		t.Errorf("the databases answer differently:\n%s\n%s", a, b)
	}
}

func TestDumpAndRestore(t *testing.T) {
	t.Parallel()
	from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	fill(t, from)
	roundTrip(t, from, to)
	_, err := to.TakeLease(t.Context(), "held", "new", time.Second)
	if odb.KindOf(err) != odb.Conflict {
		t.Errorf("a lease whose holder may still be there was taken: %v", err)
	}
	l, err := to.TakeLease(t.Context(), "scheduler", "new", time.Second)
	if err != nil || l.Term != 4 {
		t.Errorf("a free lease was taken as %+v, %v; want term 4", l, err)
	}
	if _, err := to.Apply(t.Context(), odb.ChangeSet{Changes: []odb.Change{{Op: odb.Create, Kind: "service", Name: "new", Spec: []byte(`{"engine":"go"}`)}}}); err != nil {
		t.Error(err)
	}
}

// wholeTexts returns every statement that moves whole tables. They are made from
// the schema and no part of the catalogue.
func wholeTexts() []string {
	var out []string
	for _, t := range tables() {
		out = append(out, t.selects(), t.stores(), t.counts(), t.clears())
	}
	return out
}

func TestWholeTextsAreUnderstood(t *testing.T) {
	t.Parallel()
	db := openDSN(t, "sqlite:"+newFile(t))
	for _, text := range wholeTexts() {
		stmt, err := db.write.db.PrepareContext(t.Context(), db.dialect.expand(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		defer stmt.Close()
	}
}

// An empty database is a content too, and every table and column is in a dump.
func TestDumpHasTheWholeSchema(t *testing.T) {
	t.Parallel()
	db := openDSN(t, "sqlite:"+newFile(t))
	rows, err := db.read.db.QueryContext(t.Context(), `SELECT m.name, c.name, c."notnull" FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name <> 'odb_schema' ORDER BY m.name, c.cid`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var real, ours []string
	for rows.Next() {
		var table, column string
		var notNull bool
		if err := rows.Scan(&table, &column, &notNull); err != nil {
			t.Fatal(err)
		}
		real = append(real, fmt.Sprint(table, ".", column, notNull))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	all := tables()
	refer := map[string]int{}
	for i, tab := range all {
		refer[tab.name] = i
		if tab.order == "" && tab.name != "odb_revision" {
			t.Errorf("%s has no key", tab.name)
		}
		for _, c := range tab.columns {
			ours = append(ours, fmt.Sprint(tab.name, ".", c.name, !c.nullable))
			if c.kind == "TEXT" && c.limit == 0 {
				t.Errorf("%s.%s has no limit", tab.name, c.name)
			}
		}
		if _, ok := db.dialect.types[tab.columns[0].kind]; !ok && tab.columns[0].kind != "TEXT" {
			t.Errorf("%s.%s has the type %s", tab.name, tab.columns[0].name, tab.columns[0].kind)
		}
	}
	slices.SortStableFunc(ours, func(a, b string) int {
		return strings.Compare(strings.SplitN(a, ".", 2)[0], strings.SplitN(b, ".", 2)[0])
	})
	if !slices.Equal(real, ours) {
		t.Errorf("the schema is\n%q, a dump has\n%q", real, ours)
	}
	var from, to string
	keys, err := db.read.db.QueryContext(t.Context(), `SELECT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	for keys.Next() {
		if err := keys.Scan(&from, &to); err != nil {
			t.Fatal(err)
		}
		if refer[from] <= refer[to] {
			t.Errorf("%s comes before %s, which it refers to", from, to)
		}
	}
	if err := keys.Err(); err != nil || from == "" {
		t.Errorf("there is no foreign key, %v", err)
	}
}

func TestRestoreEmpty(t *testing.T) {
	t.Parallel()
	from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	text, _ := dump(t, from)
	if _, err := to.Restore(t.Context(), bytes.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	if a, b := checksums(t, from), checksums(t, to); !slices.Equal(a, b) {
		t.Errorf("%v, want %v", b, a)
	}
}

// Whatever is wrong with a dump, it is told and nothing of it stays.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	fill(t, from)
	text, _ := dump(t, from)
	before := checksums(t, to)
	edit := func(old, new string) []byte {
		t.Helper()
		if !bytes.Contains(text, []byte(old)) {
			t.Fatalf("the dump has no %s", old)
		}
		return bytes.Replace(text, []byte(old), []byte(new), 1)
	}
	for name, test := range map[string]struct {
		dump []byte
		kind odb.ErrorKind
		want string
	}{
		"nothing":           {nil, odb.Invalid, "cut short"},
		"something else":    {[]byte("{}\n"), odb.Invalid, "signalbox-odb"},
		"cut in the middle": {text[:len(text)/2], odb.Invalid, ""},
		"without its end":   {text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1], odb.Invalid, "cut short"},
		"with more":         {append(bytes.Clone(text), '\n'), odb.Invalid, "follows its end"},
		"newer schema":      {edit(fmt.Sprintf(`"schema":%d`, SchemaVersion()), `"schema":999`), odb.Conflict, "schema 999"},
		"newer format":      {edit(`"version":1`, `"version":2`), odb.Conflict, "format 2"},
		"unknown field":     {edit(`"version":1`, `"version":1,"x":1`), odb.Invalid, "unknown field"},
		"unknown table":     {edit(`{"table":"odb_ref"`, `{"table":"odb_rex"`), odb.Invalid, "odb_rex"},
		"missing table":     {edit(`{"table":"odb_ref"`, `{"table":"odb_claim"`), odb.Invalid, "odb_ref is missing"},
		"missing column":    {edit(`["id","kind","name",`, `["id","name",`), odb.Invalid, "no column kind"},
		"changed text":      {edit("renamed", "renemad"), odb.Invalid, "sum"},
		"changed number":    {edit(`"admin","admin"`, `"admin","viewer"`), odb.Invalid, "sum"},
		"empty text":        {edit(`"Kanal ä 0"`, `""`), odb.Invalid, "name: is empty"},
		"text too long":     {edit(`"Kanal ä 0"`, `"`+strings.Repeat("x", 151)+`"`), odb.Invalid, "150"},
		"text with NUL":     {edit(`"Kanal ä 0"`, `"\u0000"`), odb.Invalid, "NUL"},
		"null":              {edit(`"Kanal ä 0"`, `null`), odb.Invalid, "null"},
		"not UTF-8":         {edit(`"Kanal ä 0"`, "\"\xff\""), odb.Invalid, "UTF-8"},
		"too many values":   {edit(`"Kanal ä 0"`, `"x",1`), odb.Invalid, "values"},
		"no document":       {edit(`"{\"engine\":\"go\"}"`, `"{"`), odb.Invalid, "not JSON"},
		"flag":              {edit(`"$argon2id$x",0`, `"$argon2id$x",2`), odb.Invalid, "neither"},
		"revision":          {edit(`"revision":22`, `"revision":21`), odb.Invalid, "revision"},
		"archive too large": {edit(`,4000]`, `,99999999999]`), odb.Invalid, "at most"},
		"archive shorter":   {edit(`,4000]`, `,3999]`), odb.Invalid, "end where"},
		"archive missing":   {edit(`,4000]`, `,60000000]`), odb.Invalid, "cut short"},
		"archive changed":   {edit("\x00\n\xff{\x00", "\x00\n\xfe{\x00"), odb.Invalid, "SHA-256"},
	} {
		_, err := to.Restore(t.Context(), bytes.NewReader(test.dump), nil)
		if err == nil || odb.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Restore() = %v, want %v with %q", name, err, test.kind, test.want)
		}
	}
	if after := checksums(t, to); !slices.Equal(before, after) {
		t.Errorf("something was left: %v, before %v", after, before)
	}
}

// A dump of before a table and a column were made is read all the same.
func TestRestoreOlder(t *testing.T) {
	t.Parallel()
	upTo := slices.IndexFunc(steps(), func(s step) bool { return s.name == "change set chain" })
	all := tables()
	from, to := openDSN(t, "sqlite:"+newFile(t)), openDSN(t, "sqlite:"+newFile(t))
	text, _ := dump(t, from)
	var lines []string
	skip := false
	for line := range strings.Lines(string(text)) {
		for _, tab := range all {
			if tab.since > upTo && strings.HasPrefix(line, `{"table":"`+tab.name+`"`) {
				skip = true
			}
		}
		if !skip {
			lines = append(lines, line)
		}
		if strings.HasPrefix(line, `{"end":`) {
			skip = false
		}
	}
	lines[0] = strings.Replace(lines[0], fmt.Sprintf(`"schema":%d`, SchemaVersion()), fmt.Sprintf(`"schema":%d`, upTo), 1)
	h, last := sha256.New(), len(lines)-1
	for i, line := range lines[:last] {
		lines[i] = strings.Replace(line, `"at_us","hash"]`, `"at_us"]`, 1)
		if line[0] == '{' {
			h.Write([]byte(strings.TrimSuffix(lines[i], "\n")))
		}
	}
	rows := strings.Count(strings.Join(lines, ""), "\n[")
	lines[last] = fmt.Sprintf(`{"rows":%d,"sha256":"%x","complete":true}`, rows, h.Sum(nil)) + "\n"
	sum, err := to.Restore(t.Context(), strings.NewReader(strings.Join(lines, "")), nil)
	if err != nil || sum.Schema != upTo || len(sum.Tables) >= len(all) {
		t.Errorf("%+v, %v", sum, err)
	}
	if a, b := checksums(t, from), checksums(t, to); !slices.Equal(a, b) {
		t.Errorf("%v, want %v", b, a)
	}
}

func FuzzRestore(f *testing.F) {
	from, to := openDSN(f, "sqlite:"+f.TempDir()+"/a"), openDSN(f, "sqlite:"+f.TempDir()+"/b")
	empty, _ := dump(f, from)
	fill(f, from)
	full, _ := dump(f, from)
	f.Add(empty)
	f.Add(full)
	f.Add([]byte(`{"format":"signalbox-odb","version":1,"schema":1,"kind":"sqlite","revision":0,"at":"2026-11-23T00:00:00Z"}` + "\n" + `{"complete":true}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sum, err := to.Restore(t.Context(), bytes.NewReader(text), nil)
		if err != nil {
			if odb.KindOf(err) == odb.Internal {
				t.Fatalf("a dump is at fault, not we: %v", err)
			}
			return
		}
		again, _ := dump(t, to)
		if len(again) == 0 || sum.Rows < 2 {
			t.Errorf("%+v", sum)
		}
		for _, tab := range slices.Backward(tables()) {
			if _, err := to.write.db.ExecContext(t.Context(), tab.clears()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
