package outgoing

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"testing"

	sqlite "github.com/ncruces/go-sqlite3/driver"

	"signalbox.internal/odb"
)

func dialects() map[string]dialect {
	return map[string]dialect{
		"sqlite": sqliteDialect(), "postgres": postgresDialect(), "mysql": mysqlDialect(usualMode), "oracle": oracleDialect(),
	}
}

// Each row is a statement with the parameters a and b (any subset), and what
// each database must be sent; "error: …" means that it is refused.
func TestParametersAreRewritten(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in     string
		only   string // one dialect; empty means all four
		want   string // with ? for every placeholder
		params string // the names in the order of values, joined by blanks
	}{
		"plain":                  {in: "select :a", want: "select ?", params: "a"},
		"two":                    {in: "f(:a,:b)", want: "f(?,?)", params: "a b"},
		"none":                   {in: "select 1", want: "select 1"},
		"literal":                {in: "select ':a', :b", want: "select ':a', ?", params: "b"},
		"doubled quote":          {in: "select 'x'':a', :b", want: "select 'x'':a', ?", params: "b"},
		"quoted name":            {in: `select ":a", :b`, want: `select ":a", ?`, params: "b"},
		"line comment":           {in: "select 1 -- :a\n, :b", want: "select 1 -- :a\n, ?", params: "b"},
		"comment at end":         {in: "select :b -- :a", want: "select ? -- :a", params: "b"},
		"block comment":          {in: "select /* :a ' */ :b", want: "select /* :a ' */ ?", params: "b"},
		"behind a name":          {in: "x:a", want: "x ?", params: "a"},
		"behind a digit":         {in: "select 1:a", want: "select 1 ?", params: "a"},
		"adjacent":               {in: "select :a:b", want: "select ? ?", params: "a b"},
		"assignment":             {in: "a := :a", want: "a := ?", params: "a"},
		"lone colon":             {in: "a : b :a", want: "a : b ?", params: "a"},
		"name with digits":       {in: "select :a1", want: "error: :a1"},
		"open quote":             {in: "select 'x", want: "error: not closed"},
		"open name":              {in: `select "x`, want: "error: not closed"},
		"open comment":           {in: "select /* x", want: "error: not closed"},
		"empty":                  {in: "  -- nothing", want: "error: empty"},
		"cast":                   {only: "postgres", in: "select :a::int", want: "select ?::int", params: "a"},
		"slice":                  {only: "postgres", in: "select x[1:2], x[:a]", want: "select x[1:2], x[?]", params: "a"},
		"dollar":                 {only: "postgres", in: "select $$:a$$, $x$ :a $$ $x$, :b", want: "select $$:a$$, $x$ :a $$ $x$, ?", params: "b"},
		"dollar in a name":       {only: "postgres", in: "select x$y$ from :a", want: "select x$y$ from ?", params: "a"},
		"open dollar":            {only: "postgres", in: "select $x$ :a", want: "error: not closed"},
		"dollar number":          {only: "postgres", in: "select $1", want: "error: $1"},
		"escape string":          {only: "postgres", in: `select E'\':a', e'\\', :b`, want: `select E'\':a', e'\\', ?`, params: "b"},
		"plain backslash":        {only: "postgres", in: `select '\', :b`, want: `select '\', ?`, params: "b"},
		"unicode string":         {only: "postgres", in: `select U&'\0041:a', :b`, want: `select U&'\0041:a', ?`, params: "b"},
		"nested comment":         {only: "postgres", in: "/* /* */ :a */ select :b", want: "/* /* */ :a */ select ?", params: "b"},
		"json operators":         {only: "postgres", in: "select x ? 'k', x @> :a, x ?| y", want: "select x ? 'k', x @> ?, x ?| y", params: "a"},
		"begin":                  {only: "postgres", in: "begin", want: "error: changes a session"},
		"hidden commit":          {only: "postgres", in: "/* x */ commit", want: "error: changes a session"},
		"set":                    {only: "postgres", in: "set search_path to x", want: "error: SET is refused"},
		"set local":              {only: "postgres", in: "set local search_path to x", want: "set local search_path to x"},
		"copy":                   {only: "postgres", in: "copy x to program 'y'", want: "error: COPY is refused"},
		"mysql set":              {only: "mysql", in: "set autocommit = 0", want: "error: SET is refused"},
		"mysql use":              {only: "mysql", in: "use x", want: "error: USE is refused"},
		"sqlite pragma":          {only: "sqlite", in: "pragma foreign_keys = off", want: "error: PRAGMA is refused"},
		"oracle session":         {only: "oracle", in: "alter session set nls_language = 'x'", want: "error: ALTER is refused"},
		"oracle table":           {only: "oracle", in: "alter table x add y int", want: "alter table x add y int"},
		"mysql backslash":        {only: "mysql", in: `select '\':a', "\":a", :b`, want: `select '\':a', "\":a", ?`, params: "b"},
		"mysql backtick":         {only: "mysql", in: "select `:a`, `x``:a`, :b", want: "select `:a`, `x``:a`, ?", params: "b"},
		"mysql hash":             {only: "mysql", in: "select 1 # :a\n + :b", want: "select 1 # :a\n + ?", params: "b"},
		"mysql double minus":     {only: "mysql", in: "select 5--:b", want: "select 5--?", params: "b"},
		"mysql run comment":      {only: "mysql", in: "select /*!40101 :a */ + /*M! :b */", want: "select /*!40101 ? */ + /*M! ? */", params: "a b"},
		"mysql placeholder":      {only: "mysql", in: "select ?", want: `error: "?"`},
		"mysql variable":         {only: "mysql", in: "select @a := :a", want: "select @a := ?", params: "a"},
		"sqlite bracket":         {only: "sqlite", in: "select [:a], :b", want: "select [:a], ?", params: "b"},
		"sqlite backtick":        {only: "sqlite", in: "select `:a`, :b", want: "select `:a`, ?", params: "b"},
		"sqlite placeholder":     {only: "sqlite", in: "select ?", want: `error: "?"`},
		"sqlite ordinal":         {only: "sqlite", in: "select ?1", want: `error: "?1"`},
		"sqlite at":              {only: "sqlite", in: "select @a", want: `error: "@a"`},
		"sqlite dollar":          {only: "sqlite", in: "select $a", want: `error: "$a"`},
		"sqlite number":          {only: "sqlite", in: "select :1", want: `error: ":1"`},
		"oracle q quote":         {only: "oracle", in: "select q'[:a']', :b from dual", want: "select q'[:a']', ? from dual", params: "b"},
		"oracle q other":         {only: "oracle", in: "select Q'!:a'!', nq'(x')', :b from dual", want: "select Q'!:a'!', nq'(x')', ? from dual", params: "b"},
		"oracle q open":          {only: "oracle", in: "select q'[:a]", want: "error: not closed"},
		"oracle q at end":        {only: "oracle", in: "select q'", want: "error: not closed"},
		"oracle number":          {only: "oracle", in: "select :1 from dual", want: `error: ":1"`},
		"oracle block":           {only: "oracle", in: "begin x := :a; end;", want: "begin x := ?; end;", params: "a"},
		"unicode":                {in: "select 'é', :a", want: "select 'é', ?", params: "a"},
		"name that is not UTF-8": {in: "select :\xff", want: "error: UTF-8"},
	}
	values := map[string]any{"a": "A", "b": "B"}
	for name, tc := range tests {
		for dbms, d := range dialects() {
			if tc.only != "" && tc.only != dbms {
				continue
			}
			t.Run(name+"/"+dbms, func(t *testing.T) {
				s := &sqlSide{name: "db", dialect: d}
				s.dialect.mark = func(int) string { return "?" }
				params := map[string]any{}
				for p := range strings.FieldsSeq(tc.params) {
					params[p] = values[p]
				}
				b, err := s.bind(Statement{SQL: tc.in, Params: params})
				if want, isErr := strings.CutPrefix(tc.want, "error: "); isErr {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Fatalf("bind(%q) = %q, %v; want an error with %q", tc.in, b.text, err, want)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if b.text != tc.want {
					t.Errorf("text = %q, want %q", b.text, tc.want)
				}
				if got, want := fields(b.values), strings.ToUpper(tc.params); got != want {
					t.Errorf("values = %q, want %q", got, want)
				}
			})
		}
	}
}

func fields(values []any) string {
	var all []string
	for _, v := range values {
		s, _ := v.(string)
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func TestRepeatedParameter(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"sqlite": "?1 + ?2 + ?1 / 2", "postgres": "$1 + $2 + $1 / 2", "mysql": "? + ? + ? / 3", "oracle": ":1 + :2 + :3 / 3",
	}
	for name, d := range dialects() {
		s := &sqlSide{dialect: d}
		b, err := s.bind(Statement{SQL: "x :a + :b + :a", Params: map[string]any{"a": 1, "b": 2}})
		if err != nil {
			t.Fatal(err)
		}
		text, values, _ := strings.Cut(want[name], " / ")
		if b.text != "x "+text || len(b.values) != int(values[0]-'0') {
			t.Errorf("%s: %q with %d values, want %q", name, b.text, len(b.values), want[name])
		}
	}
}

func TestParametersMustMatch(t *testing.T) {
	t.Parallel()
	s := &sqlSide{name: "db", dialect: sqliteDialect()}
	for name, tc := range map[string]struct {
		params map[string]any
		want   string
	}{
		"missing": {nil, "params has no value for :a, :b"},
		"unused":  {map[string]any{"a": 1, "b": 2, "c": 3}, `does not use the parameter "c"`},
		"list":    {map[string]any{"a": 1, "b": []int{1}}, "the parameter :b has the type []int"},
	} {
		_, err := s.bind(Statement{SQL: "select :b, :a", Params: tc.params})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestModesChangeHowMySQLIsRead(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]int{
		usualMode:     1, // "\":a" is one literal
		"ANSI_QUOTES": 0, // "\" is a name, then :a, then an open quote
		"STRICT_ALL_TABLES, NO_BACKSLASH_ESCAPES": 0,
	} {
		_, err := parseSQL(`select "\":a"`, mysqlDialect(mode).lexis)
		if ok := err == nil; ok != (want == 1) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// FuzzParameters checks on arbitrary text that nothing is lost or invented, and,
// where SQLite can prepare it, that SQLite itself sees the same parameters.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"select :a", "select ':a', \":b\", `c`, [d], :e", "select 1 -- :a\n", "/* :x */ select :y", "select :a::int, $$:b$$, E'\\''",
		"select q'[:a]' from dual", "insert into t values (:a,:b,:a)", "select x[1:2]", "#:a\n/*!:b*/", "select 1;", "select :é",
		"select '", "select :a$b", "x:a", "begin :a := 1; end;",
	} {
		f.Add(seed)
	}
	connect, _, err := openSQLite(sqlConfig{spec: &odb.OutgoingSpec{Database: "fuzz"}, dataDir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	conn, err := connect(context.Background())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { conn.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		for name, d := range dialects() {
			st, err := parseSQL(text, d.lexis)
			if err != nil {
				continue
			}
			var again strings.Builder
			for _, p := range st.parts {
				if p.name != "" {
					again.WriteString(":" + p.name)
				}
				again.WriteString(p.text)
			}
			if again.String() != text {
				t.Errorf("%s: the parts make %q of %q", name, again.String(), text)
			}
			if name == "sqlite" {
				sameAsSQLite(t, conn, st, text)
			}
		}
	})
}

// sameAsSQLite compares with what SQLite makes of the same text.
func sameAsSQLite(t *testing.T, conn driver.Conn, st statement, text string) {
	t.Helper()
	if strings.ContainsRune(text, 0) || strings.Contains(text, "::") {
		return // SQLite reads up to the one, and has names like Tcl's with the other
	}
	raw := conn.(sqlite.Conn).Raw()
	stmt, tail, err := raw.Prepare(text)
	if err != nil || stmt == nil || tail != "" {
		return
	}
	defer stmt.Close()
	var want []string
	for i := 1; i <= stmt.BindCount(); i++ {
		name := strings.TrimPrefix(stmt.BindName(i), ":")
		if strings.Contains(name, "(") {
			return // another name of Tcl
		}
		want = append(want, name)
	}
	if got := st.names(true); !slices.Equal(got, want) {
		t.Errorf("%q: found %q, SQLite finds %q", text, got, want)
	}
}
