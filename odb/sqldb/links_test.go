package sqldb

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"signalbox.internal/odb"
)

// CheckLinks checks that odb_ref and odb_claim have exactly the rows that the
// stored specs say: whoever changes a definition relies on it.
func CheckLinks(t testing.TB, s odb.Store) {
	t.Helper()
	db, ok := s.(*DB)
	if !ok {
		t.Fatalf("the store is a %T", s)
	}
	snap, err := db.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for d := range snap.All() {
		spec, err := odb.Decode(d.Kind, d.Spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range odb.Refs(spec) {
			to, _ := snap.Get(r.Kind, r.Name)
			want[fmt.Sprint("ref ", d.ID, " ", r.Pointer, " to ", to.ID)] = true
		}
		for _, c := range claimsOf(spec) {
			want[fmt.Sprint("claim ", d.ID, " ", d.Kind, " ", c)] = true
		}
	}
	got := map[string]bool{}
	for _, row := range texts(t, db, `SELECT from_id, field, to_id FROM odb_ref`, 3) {
		got[fmt.Sprint("ref ", row[0], " ", row[1], " to ", row[2])] = true
	}
	for _, row := range texts(t, db, `SELECT def_id, kind, claim FROM odb_claim`, 3) {
		got[fmt.Sprint("claim ", row[0], " ", row[1], " ", row[2])] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("the rows of links are\n%s\nthe specs say\n%s", sorted(got), sorted(want))
	}
}

func sorted(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), "\n")
}

// texts reads n columns of texts.
func texts(t testing.TB, db *DB, query string, n int) [][]string {
	t.Helper()
	rows, err := db.read.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		row, dest := make([]string, n), make([]any, n)
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// What cannot be read, as a spec of a later program may be, is replaced and
// deleted all the same, with all its rows.
func TestLinksOfUnreadableSpec(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	apply := func(changes ...odb.Change) {
		t.Helper()
		if _, err := db.Apply(t.Context(), odb.ChangeSet{Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	later := func() {
		t.Helper()
		if _, err := db.write.db.ExecContext(t.Context(), `UPDATE odb_definition SET spec = '{"of":"a later program"}' WHERE kind = 'channel'`); err != nil {
			t.Fatal(err)
		}
	}
	apply(
		odb.Change{Op: odb.Create, Kind: "service", Name: "s", Spec: []byte(`{"engine":"go"}`)},
		odb.Change{Op: odb.Create, Kind: "service", Name: "t", Spec: []byte(`{"engine":"go"}`)},
		odb.Change{Op: odb.Create, Kind: "channel", Name: "c", Spec: []byte(`{"path":"/a","service":"s"}`)},
	)
	later()
	apply(odb.Change{Op: odb.Update, Kind: "channel", Name: "c", Base: 1, Spec: []byte(`{"path":"/b","service":"t"}`)})
	CheckLinks(t, db)
	later()
	apply(odb.Change{Op: odb.Delete, Kind: "channel", Name: "c", Base: 2}, odb.Change{Op: odb.Delete, Kind: "service", Name: "t", Base: 1})
	CheckLinks(t, db)
}

// A change costs its statements: on a server each is a round trip.
func TestStatementsOfAChange(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Config{DSN: "sqlite:" + newFile(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var ran []statement
	db.ran = func(s statement) { ran = append(ran, s) }
	for _, tc := range []struct {
		name    string
		changes []odb.Change
		want    []statement
	}{
		{"create what refers to nothing", []odb.Change{
			{Op: odb.Create, Kind: "service", Name: "s", Spec: []byte(`{"engine":"go"}`)},
		}, []statement{bumpRevision, takeRevision, insertDefinition, insertChangeSet, insertChange}},
		{"create what refers and claims", []odb.Change{
			{Op: odb.Create, Kind: "channel", Name: "c", Spec: []byte(`{"path":"/c","service":"s"}`)},
		}, []statement{bumpRevision, takeRevision4, insertDefinition, insertRef, insertClaim, insertChangeSet, insertChange}},
		{"update that leaves references and claims", []odb.Change{
			{Op: odb.Update, Kind: "channel", Name: "c", Base: 1, Spec: []byte(`{"path":"/c","service":"s","timeout":"5s"}`)},
		}, []statement{bumpRevision, takeRevision, updateDefinition, insertChangeSet, insertChange}},
		{"update of a claim", []odb.Change{
			{Op: odb.Update, Kind: "channel", Name: "c", Base: 2, Spec: []byte(`{"path":"/d","service":"s"}`)},
		}, []statement{bumpRevision, takeRevision, deleteClaim, updateDefinition, insertClaim, insertChangeSet, insertChange}},
		{"update to a service of the same set", []odb.Change{
			{Op: odb.Update, Kind: "channel", Name: "c", Base: 3, Spec: []byte(`{"path":"/d","service":"t"}`)},
			{Op: odb.Create, Kind: "service", Name: "t", Spec: []byte(`{"engine":"go"}`)},
		}, []statement{
			bumpRevision, takeRevision4, deleteRef, updateDefinition, insertDefinition, insertRef,
			insertChangeSet, insertChange, insertChange,
		}},
		{"rename of what is referred to", []odb.Change{
			{Op: odb.Rename, Kind: "service", Name: "t", NewName: "u", Base: 1},
		}, []statement{
			bumpRevision, takeRevision4, referrersOf, findDefinitions, updateDefinition, updateDefinition,
			insertChangeSet, insertChange, insertChange,
		}},
		{"delete of two", []odb.Change{
			{Op: odb.Delete, Kind: "channel", Name: "c", Base: 5}, {Op: odb.Delete, Kind: "service", Name: "s", Base: 1},
		}, []statement{
			bumpRevision, takeRevision4, referrersOf4, deleteRefs4, deleteClaims4, deleteDefinition, deleteDefinition,
			insertChangeSet, insertChange, insertChange,
		}},
	} {
		ran = nil
		if _, err := db.Apply(t.Context(), odb.ChangeSet{Changes: tc.changes}); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if !slices.Equal(ran, tc.want) {
			t.Errorf("%s: the statements are %v, want %v", tc.name, ran, tc.want)
		}
	}
	CheckLinks(t, db)
}

func TestBatches(t *testing.T) {
	for n, want := range map[int][]int{0: nil, 1: {1}, 2: {4}, 4: {4}, 5: {64}, 64: {64}, 65: {64, 1}, 66: {64, 4}, 200: {64, 64, 64, 64}} {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprint("kind/", i)
		}
		var sizes []int
		seen := map[any]bool{}
		err := batched(findTargets, values, bindKey, func(s statement, args []any) error {
			sizes = append(sizes, len(args)/2)
			if holes := strings.Count(catalogue[s].all, "?"); holes != len(args) {
				t.Errorf("%d arguments go to a statement of %d placeholders", len(args), holes)
			}
			for i := 1; i < len(args); i += 2 {
				seen[args[i]] = true
			}
			return nil
		})
		if err != nil || !slices.Equal(sizes, want) || len(seen) != n {
			t.Errorf("%d values go in batches of %v with %d of them, %v; want %v", n, sizes, len(seen), err, want)
		}
	}
}
