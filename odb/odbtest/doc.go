// Package odbtest is the conformance suite of [odb.Store]: what every database
// must do, whatever it is.
//
// It offers [Run], which a test of each store calls. It knows nothing of how a
// store is opened or migrated, and imports of this module only odb.
package odbtest

import (
	"context"
	"maps"
	"testing"

	"signalbox.internal/odb"
)

// Config says how the suite gets its databases.
type Config struct {
	// Open returns a store on an empty database of its own, which ends with the test.
	Open func(t testing.TB) odb.Store
	// Again returns one more store on the database of s, as another process would have it.
	Again func(t testing.TB, s odb.Store) odb.Store
	// Check checks of s what its interface does not show, after whatever a test did
	// to it; nil checks nothing.
	Check func(t testing.TB, s odb.Store)
}

// Run holds a store to everything that [odb.Store] promises.
func Run(t *testing.T, cfg Config) {
	t.Helper()
	tests := definitionTests()
	maps.Copy(tests, otherTests())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{TB: t, Store: cfg.Open(t), again: cfg.Again, check: cfg.Check}
			test(t, w)
			w.checked()
		})
	}
}

// definitionTests are those of the versioned configuration.
func definitionTests() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"changes/life of a definition":         life,
		"changes/form is checked":              formChecked,
		"changes/all faults at once":           faultsAtOnce,
		"changes/stale base":                   staleBase,
		"changes/missing and existing":         missingAndExisting,
		"changes/stored canonically":           storedCanonically,
		"changes/secrets in clear are refused": secretsInClear,
		"changes/nothing of a refused set":     nothingOfRefused,
		"changes/names in one set":             namesInOneSet,
		"changes/create with an id":            createWithID,
		"changes/cancelled":                    cancelled,
		"references/missing target":            missingTarget,
		"references/order does not matter":     orderDoesNotMatter,
		"references/deleting what is used":     deletingUsed,
		"references/heir of a name":            heirOfName,
		"references/rename":                    renameRewrites,
		"references/rename in a changed set":   renameInChangedSet,
		"references/swap":                      swapNames,
		"claims/one owner":                     claimsOneOwner,
		"claims/change hands":                  claimsChangeHands,
		"claims/one balancer":                  oneBalancer,
		"history/queries":                      historyQueries,
		"history/deleted and back":             deletedAndBack,
		"history/oldest first":                 oldestFirst,
		"history/chain":                        chainOfHashes,
		"history/random":                       randomHistories,
		"texts/awkward characters":             awkwardCharacters,
		"texts/long documents":                 longDocuments,
		"texts/empty texts":                    emptyTexts,
		"many/optimistic updates":              optimisticUpdates,
		"many/revisions without holes":         revisionsWithoutHoles,
		"many/snapshots do not move":           snapshotsDoNotMove,
		"many/a thousand in one set":           thousandInOneSet,
	}
}

// otherTests are those of all else that a store keeps.
func otherTests() map[string]func(*testing.T, *world) {
	return map[string]func(*testing.T, *world){
		"packages/content addressed":    contentAddressed,
		"packages/all or none":          packagesAllOrNone,
		"packages/newest first":         packagesNewestFirst,
		"accounts/life of an account":   accountLife,
		"accounts/refused":              accountsRefused,
		"accounts/tokens":               tokenLife,
		"sign-ins/one claim":            oneClaim,
		"sign-ins/claims at once":       claimsAtOnce,
		"sign-ins/lock-out":             lockOut,
		"sign-ins/strangers":            strangersLockNothing,
		"sign-ins/guesses at once":      guessesAtOnce,
		"leases/terms":                  leaseTerms,
		"leases/refused":                leasesRefused,
		"leases/contenders and zombies": contendersAndZombies,
		"leases/first take by many":     firstTakeByMany,
		"audit/chain":                   auditChain,
		"audit/many at once":            auditByMany,
		"audit/all or none":             auditAllOrNone,
		"audit/awkward and long texts":  auditTexts,
		"audit/queries":                 auditQueries,
		"marks/life of a mark":          markLife,
		"marks/first set by many":       firstMarkByMany,
		"members/life":                  memberLife,
		"members/removed":               membersRemoved,
		"joins/tokens":                  joinTokens,
		"joins/requests":                joinRequests,
		"info":                          info,
	}
}

// world is a store under test with the short words that the tests are written in.
type world struct {
	testing.TB
	odb.Store
	again func(t testing.TB, s odb.Store) odb.Store
	check func(t testing.TB, s odb.Store)
}

// checked checks the store's inside.
func (w *world) checked() {
	w.Helper()
	if w.check != nil {
		w.check(w.TB, w.Store)
	}
}

var someone = odb.Actor{Name: "alice", Source: "cli", Addr: "10.0.0.7"}

func (w *world) ctx() context.Context { return w.Context() }

// try applies changes.
func (w *world) try(changes ...odb.Change) (odb.Revision, error) {
	return w.Apply(w.ctx(), odb.ChangeSet{Actor: someone, Reason: "test", Changes: changes})
}

// must applies changes that have to be good.
func (w *world) must(changes ...odb.Change) odb.Revision {
	w.Helper()
	rev, err := w.try(changes...)
	if err != nil {
		w.Fatalf("Apply: %v", err)
	}
	return rev
}

// load returns the newest snapshot.
func (w *world) load() *odb.Snapshot {
	w.Helper()
	snap, err := w.Load(w.ctx())
	if err != nil {
		w.Fatalf("Load: %v", err)
	}
	return snap
}

// get returns a definition that has to be there.
func (w *world) get(kind, name string) odb.Definition {
	w.Helper()
	d, ok := w.load().Get(kind, name)
	if !ok {
		w.Fatalf("there is no %s %q", kind, name)
	}
	return d
}

func create(kind, name, spec string) odb.Change {
	return odb.Change{Op: odb.Create, Kind: kind, Name: name, Spec: []byte(spec)}
}

func update(kind, name string, base int64, spec string) odb.Change {
	return odb.Change{Op: odb.Update, Kind: kind, Name: name, Base: base, Spec: []byte(spec)}
}

func rename(kind, from, to string, base int64) odb.Change {
	return odb.Change{Op: odb.Rename, Kind: kind, Name: from, NewName: to, Base: base}
}

func remove(kind, name string, base int64) odb.Change {
	return odb.Change{Op: odb.Delete, Kind: kind, Name: name, Base: base}
}

// service is a service that refers to nothing.
func service(name string) odb.Change { return create("service", name, `{"engine":"go"}`) }

// channel is a channel of that service at /name.
func channel(name, service string) odb.Change {
	return create("channel", name, `{"path":"/`+name+`","service":"`+service+`"}`)
}

func info(_ *testing.T, w *world) {
	in, err := w.Info(w.ctx())
	if err != nil {
		w.Fatal(err)
	}
	if in.Kind == "" || in.Version == "" || in.Schema < 1 || in.Where == "" {
		w.Errorf("Info() = %+v, want all of it", in)
	}
}
