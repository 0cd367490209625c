package sqldb

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/build/testservers"
	"signalbox.internal/odb"
)

// parsePLSQL returns what is wrong with each text by the grammar of Oracle's
// PL/SQL; empty for nothing. build/plsql.sh fetches the grammar.
func parsePLSQL(t *testing.T, texts []string) []string {
	t.Helper()
	modules, err := filepath.Abs("../../.tools/plsql-1.1.0/node_modules")
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "antlr4ts-sql"))
	}
	node, nodeErr := exec.LookPath("node")
	if err := errors.Join(err, nodeErr); err != nil {
		if os.Getenv("SIGNALBOX_TEST_REQUIRE") == "1" {
			t.Fatalf("%v; run build/plsql.sh", err)
		}
		t.Skipf("NOT TESTED: %v; run build/plsql.sh", err)
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "../../build/plsql/check.js")
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	cmd.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.Bytes())
	}
	var faults []string
	if err := json.Unmarshal(out, &faults); err != nil || len(faults) != len(texts) {
		t.Fatalf("%d answers for %d texts, %v", len(faults), len(texts), err)
	}
	return faults
}

var seq = regexp.MustCompile(`\bseq\b`)

// All but what begins a session: the grammar knows ALTER SESSION without values.
func TestOracleGrammar(t *testing.T) {
	t.Parallel()
	all := oracleTexts()
	all["begin a read"] = oracleDialect().beginRead
	all["version"] = oracleDialect().version
	all["character set"] = readCharset
	for name, text := range all {
		// Nothing new in the longer lists, but seconds; seq is a word to the
		// grammar, and none to Oracle.
		if strings.Contains(text, ":40") {
			delete(all, name)
			continue
		}
		all[name] = seq.ReplaceAllString(text, "sequel")
	}
	ours, theirs := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(planted))
	var texts []string
	for _, name := range ours {
		texts = append(texts, all[name])
	}
	for _, name := range theirs {
		texts = append(texts, planted[name].text)
	}
	faults := parsePLSQL(t, texts)
	for i, name := range ours {
		if faults[i] != "" {
			t.Errorf("%s: %s\n%s", name, faults[i], texts[i])
		}
	}
	for i, name := range theirs {
		refused(t, "grammar", 'g', name, faults[len(ours)+i] != "")
	}
}

// H2 knows the tables: it finds what is no matter of syntax.
func TestOraclePlantedOnH2(t *testing.T) {
	t.Parallel()
	text := "oracle://" + h2User + ":x@" + testservers.H2(t) + "/planted"
	db, err := Open(t.Context(), testConfig(text))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dsn, err := odb.ParseDSN(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range planted {
		got, err := h2Refuses(t.Context(), dsn, p.text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		refused(t, "H2", 'h', name, got)
	}
}

// Every planted text has a checker that refuses it; those that only one refuses
// show what each is there for.
func TestOraclePlantedAreRefused(t *testing.T) {
	t.Parallel()
	if len(planted) < 60 {
		t.Errorf("only %d texts are planted", len(planted))
	}
	alone := map[string]int{}
	for name, p := range planted {
		if p.by == "" {
			t.Errorf("nothing refuses %s", name)
		}
		if len(p.by) == 1 {
			alone[p.by]++
		}
	}
	for _, checker := range []string{"l", "h"} {
		if alone[checker] == 0 {
			t.Errorf("the checker %s refuses nothing that the others let through", checker)
		}
	}
}
