package sqldb

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// oracleTexts returns every text that the program can send to an Oracle database,
// by what it is for. What begins a session is not among them: that is about the
// database, not about us.
func oracleTexts() map[string]string {
	d := oracleDialect()
	texts := map[string]string{
		"journal table": d.expand(journalTable), "insert lock": d.expand(insertLock), "take lock": d.expand(takeLock),
		"insert step": d.expand(insertStep), "journal there": d.journalThere,
	}
	for s := range statements {
		if text := d.statement(s); text != "" {
			texts[fmt.Sprint("statement ", s)] = text
		}
	}
	for i, s := range steps() {
		texts[fmt.Sprintf("step %d (%s)", i+1, s.name)] = d.expand(s.text)
	}
	for i, text := range wholeTexts() {
		texts[fmt.Sprint("whole table ", i)] = d.expand(text)
	}
	return texts
}

// The lint allows what we use and know to be Oracle's, and refuses everything else.
var (
	oracleWords = wordSet(`SELECT DISTINCT FROM JOIN LEFT ON WHERE AND OR NOT IN IS NULL GROUP BY ORDER DESC CASE WHEN THEN ELSE END
		AS UNION ALL EXISTS BETWEEN LIKE FETCH FIRST ROWS ONLY FOR UPDATE WAIT INSERT INTO VALUES SET DELETE DUAL
		DAY HOUR MINUTE SECOND TIMESTAMP SYSTIMESTAMP
		CREATE TABLE INDEX ALTER ADD CONSTRAINT PRIMARY KEY UNIQUE FOREIGN REFERENCES CHECK CHAR LOCK SHARE EXCLUSIVE MODE ROW`)
	oracleFunctions  = wordSet(`MAX MIN COUNT SUM COALESCE CAST EXTRACT TRUNC`)
	oracleAggregates = wordSet(`MAX MIN COUNT SUM`)
	oracleTypes      = wordSet(`NUMBER VARCHAR2 CLOB BLOB`)

	// Those that Oracle's V$RESERVED_WORDS says cannot be names.
	oracleReserved = wordSet(`ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COLUMN_VALUE COMMENT COMPRESS
		CONNECT CREATE CURRENT DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING
		IDENTIFIED IMMEDIATE IN INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS MLSLABEL
		MODE MODIFY NESTED_TABLE_ID NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ORDER PCTFREE PRIOR PUBLIC
		RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET SHARE SIZE SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE
		THEN TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER WHERE WITH`)

	oracleToken = regexp.MustCompile(`(?s)\s+|'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*|\d+|:\d+|<=|>=|<>|\|\||[=<>+*/(),.-]|.`)
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// oracleLint holds texts to what Oracle understands.
type oracleLint struct {
	names map[string]bool // of tables, columns, constraints and indexes
	lobs  map[string]bool // columns of the types CLOB and BLOB
}

// newOracleLint learns the names from the schema.
func newOracleLint() *oracleLint {
	l := &oracleLint{names: map[string]bool{}, lobs: map[string]bool{}}
	for _, name := range regexp.MustCompile(`\b(odb_\w+)`).FindAllString(journalTable, -1) {
		l.names[name] = true
	}
	for _, s := range steps() {
		for _, name := range regexp.MustCompile(`\bodb_\w+`).FindAllString(s.text, -1) {
			l.names[name] = true
		}
	}
	for _, t := range append(tables(), newTable("odb_schema", journalTable, 0)) {
		for _, c := range t.columns {
			l.names[c.name] = true
			if c.kind == "DOC" || c.kind == "BLOB" {
				l.lobs[c.name] = true
			}
		}
	}
	return l
}

// oracleScan is one walk through the tokens of a text.
type oracleScan struct {
	*oracleLint
	tokens []string
	upper  []string
	depth  []int
	faults []string
}

// check returns what is wrong with a text.
func (l *oracleLint) check(text string) []string {
	s := &oracleScan{oracleLint: l}
	depth := 0
	for _, t := range oracleToken.FindAllString(text, -1) {
		if strings.TrimSpace(t) == "" {
			continue
		}
		if t == ")" {
			depth--
		}
		s.tokens, s.upper, s.depth = append(s.tokens, t), append(s.upper, strings.ToUpper(t)), append(s.depth, depth)
		if t == "(" {
			depth++
		}
	}
	if depth != 0 || len(s.tokens) == 0 {
		return []string{"brackets do not match"}
	}
	for i := range s.tokens {
		s.token(i)
	}
	s.placeholders()
	s.shape()
	s.queries()
	return s.faults
}

func (s *oracleScan) add(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// at returns the token i in capitals; empty beyond either end.
func (s *oracleScan) at(i int) string {
	if i < 0 || i >= len(s.upper) {
		return ""
	}
	return s.upper[i]
}

var (
	plainName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	oracleMark = regexp.MustCompile(`^:\d+$`)
	number     = regexp.MustCompile(`^\d+$`)
)

// token checks one token by itself and with its neighbours.
func (s *oracleScan) token(i int) {
	t, u := s.tokens[i], s.upper[i]
	switch {
	case t == "''":
		s.add("an empty text is NULL")
	case strings.HasPrefix(t, "'"):
		if strings.ContainsAny(t, "?{}") || regexp.MustCompile(`[^ -~]`).MatchString(t) {
			s.add("the literal %s", t)
		}
	case number.MatchString(t), oracleMark.MatchString(t), strings.Contains("= < > <= >= <> + - * / || ( ) , .", t) && !strings.Contains(t, " "):
		if (t == "-" || t == "/") && s.at(i+1) == t || t == "/" && s.at(i+1) == "*" {
			s.add("a comment or hint")
		}
	case u == t && oracleFunctions[t] && s.at(i+1) == "(", u == t && oracleTypes[t]:
		s.typed(i)
	case u == t && oracleWords[t]:
	case plainName.MatchString(t):
		alias := len(t) <= 2 && !oracleReserved[u]
		if len(t) > 30 {
			s.add("the name %s is longer than 30 bytes", t)
		} else if oracleReserved[u] {
			s.add("%s is a reserved word", t)
		} else if !alias && !s.names[t] {
			s.add("the name or word %s is unknown", t)
		}
		if s.at(i+1) == "(" && !slices.Contains([]string{"INTO", "TABLE", "ON", "REFERENCES"}, s.at(i-1)) && s.at(i-1) != "CONSTRAINT" {
			if s.at(i-2) != "INSERT" {
				s.add("the function %s is unknown", t)
			}
		}
	default:
		s.add("%q is unknown", t)
	}
}

// typed checks the length of a type.
func (s *oracleScan) typed(i int) {
	if s.upper[i] != "VARCHAR2" {
		return
	}
	n, err := strconv.Atoi(s.at(i + 2))
	if s.at(i+1) != "(" || err != nil || n < 1 || n > 1000 || s.at(i+3) != "CHAR" || s.at(i+4) != ")" {
		s.add("a VARCHAR2 that is not one of 1 to 1000 CHAR")
	}
}

// placeholders wants :1, :2 and so on, each once.
func (s *oracleScan) placeholders() {
	n := 0
	for _, t := range s.tokens {
		if oracleMark.MatchString(t) {
			if n++; t != ":"+strconv.Itoa(n) {
				s.add("the placeholder %s stands where :%d should", t, n)
			}
		}
	}
}

// shape checks the statement as a whole.
func (s *oracleScan) shape() {
	verb := s.upper[0]
	has := func(words ...string) bool {
		return slices.ContainsFunc(s.upper, func(u string) bool { return slices.Contains(words, u) })
	}
	switch verb {
	case "SELECT":
		if has("INSERT", "DELETE", "SET", "VALUES", "INTO") {
			s.add("a query that writes")
		}
	case "INSERT":
		s.insert()
	case "UPDATE":
		if slices.Contains(s.top(), "FROM") || slices.Contains(s.top(), "JOIN") {
			s.add("an update of more than one table")
		}
		if s.at(2) != "SET" {
			s.add("UPDATE table SET is needed")
		}
		if s.at(3) == "(" {
			s.add("columns are set one by one")
		}
	case "DELETE":
		if s.at(1) != "FROM" || slices.Contains(s.top(), "JOIN") {
			s.add("DELETE FROM one table is needed")
		}
	case "CREATE":
		if !slices.Contains([]string{"TABLE", "INDEX"}, s.at(1)) || s.at(1) == "TABLE" && s.upper[len(s.upper)-1] != ")" {
			s.add("CREATE TABLE or CREATE INDEX is needed, with nothing after it")
		}
	case "ALTER":
		if s.at(1) != "TABLE" || s.at(3) != "ADD" || !slices.ContainsFunc(s.upper[4:], func(u string) bool { return oracleTypes[u] }) && s.at(4) != "CONSTRAINT" {
			s.add("ALTER TABLE name ADD column type is needed")
		}
	case "LOCK":
		if mode := strings.Join(s.upper[3:], " "); s.at(1) != "TABLE" || mode != "IN ROW SHARE MODE WAIT 20" && mode != "IN EXCLUSIVE MODE WAIT 20" {
			s.add("LOCK TABLE name IN ROW SHARE or EXCLUSIVE MODE WAIT 20 is needed")
		}
	default:
		s.add("statements that begin with %s", verb)
	}
	if verb != "LOCK" && has("LOCK", "SHARE", "EXCLUSIVE", "MODE", "ROW") {
		s.add("words of locks")
	}
	if verb != "CREATE" && verb != "ALTER" && verb != "LOCK" && has("CREATE", "ALTER", "TABLE", "CONSTRAINT", "NUMBER", "CLOB", "BLOB") {
		s.add("words of DDL")
	}
	for i, u := range s.upper {
		if u == "FETCH" && (strings.Join(s.upper[i:min(i+2, len(s.upper))], " ") != "FETCH FIRST" || strings.Join(s.upper[min(i+3, len(s.upper)):], " ") != "ROWS ONLY") {
			s.add("FETCH FIRST n ROWS ONLY is needed, at the end")
		}
		if u == "FOR" && (strings.Join(s.upper[i:min(i+3, len(s.upper))], " ") != "FOR UPDATE WAIT" || i+4 != len(s.upper) || has("FETCH", "DISTINCT", "GROUP", "UNION")) {
			s.add("FOR UPDATE WAIT n is needed, at the end of a plain query")
		}
	}
}

// top returns the tokens outside of all brackets.
func (s *oracleScan) top() []string {
	var out []string
	for i, u := range s.upper {
		if s.depth[i] == 0 {
			out = append(out, u)
		}
	}
	return out
}

// insert wants one row, or a query.
func (s *oracleScan) insert() {
	top := strings.Join(s.top()[3:], " ")
	if s.at(1) != "INTO" || s.at(3) != "(" || top != "( ) VALUES ( )" && !strings.HasPrefix(top, "( ) SELECT ") {
		s.add("INSERT INTO table (columns) VALUES (one row), or a query, is needed")
	}
}

// queries checks each SELECT with what belongs to it.
func (s *oracleScan) queries() {
	for i, u := range s.upper {
		if u != "SELECT" {
			continue
		}
		zone, from, aggregate, grouped, clock, distinct := "SELECT", false, false, false, false, s.at(i+1) == "DISTINCT"
		bare := false // a column outside of the aggregates
		call := 0     // depth within an aggregate; 0 for none
		inner := 0    // depth of a query within this one; 0 for none
		for j := i + 1; j < len(s.upper) && s.depth[j] >= s.depth[i]; j++ {
			if inner > 0 && s.depth[j] >= inner {
				continue
			}
			inner = 0
			t := s.upper[j]
			if t == "SELECT" && s.depth[j] > s.depth[i] {
				inner = s.depth[j]
				continue
			}
			if s.depth[j] == s.depth[i] && slices.Contains([]string{"FROM", "WHERE", "GROUP", "ORDER", "UNION"}, t) {
				if zone = t; t == "UNION" {
					break
				}
				from, grouped = from || t == "FROM", grouped || t == "GROUP"
			}
			if call > 0 && s.depth[j] < call && t != "(" {
				call = 0
			}
			if zone == "SELECT" && oracleAggregates[t] && call == 0 {
				call = s.depth[j] + 1
			}
			bare = bare || zone == "SELECT" && call == 0 && s.names[s.tokens[j]] && s.at(j-1) != "AS"
			aggregate = aggregate || zone == "SELECT" && oracleAggregates[t]
			clock = clock || zone == "SELECT" && t == "SYSTIMESTAMP"
			if t == "AS" && zone == "FROM" {
				s.add("AS before the alias of a table")
			}
			if s.lobs[s.tokens[j]] && (distinct || zone == "GROUP" || zone == "ORDER") {
				s.add("the LOB %s in DISTINCT, GROUP BY or ORDER BY", t)
			}
		}
		if !from {
			s.add("a query without FROM")
		}
		if aggregate && bare && !grouped {
			s.add("a column beside an aggregate")
		}
		if aggregate && clock && !grouped {
			s.add("the clock beside an aggregate")
		}
	}
	s.conditions()
}

// conditions finds comparisons of LOBs and lists that are too long.
func (s *oracleScan) conditions() {
	where := -1
	items := 0
	for i, u := range s.upper {
		switch {
		case u == "WHERE" || u == "ON":
			where = s.depth[i]
		case where >= 0 && (s.depth[i] < where || s.depth[i] == where && (u == "ORDER" || u == "GROUP")):
			where = -1
		case where >= 0 && s.lobs[s.tokens[i]] && s.at(i+1) != "IS":
			s.add("a comparison with the LOB %s", u)
		case u == "IN" && s.at(i+1) == "(":
			items = 0
		case u == ",":
			if items++; items > 999 && s.upper[0] == "SELECT" {
				s.add("more than 1,000 items")
				return
			}
		}
	}
}

func TestOracleLint(t *testing.T) {
	t.Parallel()
	l := newOracleLint()
	for name := range l.names {
		if len(name) > 30 || oracleReserved[strings.ToUpper(name)] || !plainName.MatchString(name) {
			t.Errorf("%s cannot be a name", name)
		}
	}
	for name, text := range oracleTexts() {
		for _, fault := range l.check(text) {
			t.Errorf("%s: %s\n%s", name, fault, text)
		}
	}
}
