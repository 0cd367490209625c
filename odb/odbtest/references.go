package odbtest

import (
	"errors"
	"strconv"
	"testing"

	"signalbox.internal/odb"
)

// spec returns the spec of a definition that has to be there.
func (w *world) spec(kind, name string) string {
	w.Helper()
	return string(w.get(kind, name).Spec)
}

// holds checks the spec of a definition.
func (w *world) holds(kind, name, want string) {
	w.Helper()
	if got := w.spec(kind, name); got != want {
		w.Errorf("%s/%s is %s, want %s", kind, name, got, want)
	}
}

const basic = `{"username":"u","password":{"ref":"env:P"}}`

func missingTarget(_ *testing.T, w *world) {
	_, err := w.try(create("channel", "c", `{"path":"/c","service":"s","security":["x","y"]}`))
	w.refused(err, odb.Invalid, `/service: there is no service "s"`, `/security/0: there is no security "x"`, `/security/1: there is no security "y"`)
	if e, ok := errors.AsType[*odb.Error](err); !ok || len(e.Faults) != 3 || e.Key != "channel/c" {
		w.Errorf("the faults are %+v", err)
	}
	w.must(create("security", "s", basic)) // of another kind
	_, err = w.try(channel("c", "s"))
	w.refused(err, odb.Invalid, `there is no service "s"`)
	_, err = w.try(channel("c", "s"), channel("d", "s"))
	w.refused(err, odb.Invalid, `/service: channel/c: there is no service "s"`, `channel/d: there is no service "s"`)
}

func orderDoesNotMatter(_ *testing.T, w *world) {
	w.must(channel("c", "s"), service("s"))
	w.must(remove("service", "s", 1), remove("channel", "c", 1))
	w.must(service("s"), channel("c", "s"), create("security", "x", basic))
	w.must(update("channel", "c", 1, `{"path":"/c","service":"t","security":["x","x"]}`), service("t"), remove("service", "s", 1))
	w.holds("channel", "c", `{"path":"/c","service":"t","security":["x","x"]}`)
}

func deletingUsed(_ *testing.T, w *world) {
	changes := []odb.Change{service("s"), create("security", "x", basic)}
	for i := range 12 {
		n := "c" + strconv.Itoa(10+i)
		changes = append(changes, create("channel", n, `{"path":"/`+n+`","service":"s","security":["x"]}`))
	}
	changes = append(changes, create("outgoing", "o", `{"url":"https://h/","security":"x"}`))
	w.must(changes...)
	_, err := w.try(remove("service", "s", 1))
	w.refused(err, odb.Conflict, `delete service/s: it is used by channel "c10", channel "c11"`, "and 2 more")
	_, err = w.try(remove("security", "x", 1), remove("service", "s", 1))
	w.refused(err, odb.Conflict, `used by channel "c10"`)
	_, err = w.try(remove("service", "s", 1), update("channel", "c10", 1, `{"path":"/c10","service":"s"}`))
	w.refused(err, odb.Invalid, `there is no service "s"`) // it still wants it
	if n := w.load().Len(); n != 15 {
		w.Errorf("%d definitions are left, want all 15", n)
	}
}

func heirOfName(_ *testing.T, w *world) {
	w.must(service("s"), service("t"), channel("c", "s"))
	w.must(remove("service", "s", 1), service("s")) // c now leads to the new s
	w.holds("channel", "c", `{"path":"/c","service":"s"}`)
	if v := w.get("channel", "c").Version; v != 1 {
		w.Errorf("the channel is at version %d though nothing in it changed", v)
	}
	_, err := w.try(remove("service", "s", 1))
	w.refused(err, odb.Conflict, `used by channel "c"`)
	w.must(rename("service", "t", "s", 1), remove("service", "s", 1))
	_, err = w.try(remove("service", "s", 2))
	w.refused(err, odb.Conflict, `used by channel "c"`)
}

func renameRewrites(_ *testing.T, w *world) {
	w.must(service("s"), create("security", "x", basic), create("security", "y", basic),
		create("channel", "c", `{"path":"/c","service":"s","security":["x","y"]}`),
		channel("d", "s"), create("outgoing", "o", `{"url":"https://h/","security":"x"}`))
	rev := w.must(rename("security", "x", "z", 1))
	w.holds("channel", "c", `{"path":"/c","service":"s","security":["z","y"]}`)
	w.holds("outgoing", "o", `{"url":"https://h/","security":"z"}`)
	if len(rev.Changes) != 3 {
		w.Fatalf("the revision has %d changes, want the rename and two rewritten specs: %+v", len(rev.Changes), rev.Changes)
	}
	for i, want := range []string{"rename security/z 2", "update channel/c 2", "update outgoing/o 2"} {
		c := rev.Changes[i]
		if got := string(c.Op) + " " + c.Kind + "/" + c.Name + " " + strconv.FormatInt(c.Version, 10); got != want || c.Seq != i || c.Before == nil || c.After == nil {
			w.Errorf("change %d is %q (%+v), want %q", i, got, c, want)
		}
	}
	if d := w.get("channel", "d"); d.Version != 1 {
		w.Errorf("a channel that does not refer to it is at version %d", d.Version)
	}
	w.must(rename("service", "s", "s2", 1), rename("security", "z", "x", 2), rename("channel", "c", "cc", 2))
	w.holds("channel", "cc", `{"path":"/c","service":"s2","security":["x","y"]}`)
	if v := w.get("channel", "cc").Version; v != 3 {
		w.Errorf("renamed and rewritten in one set, the channel is at version %d, want 3", v)
	}
	_, err := w.try(remove("service", "s2", 2))
	w.refused(err, odb.Conflict, `channel "cc", channel "d"`)
}

func renameInChangedSet(_ *testing.T, w *world) {
	w.must(service("s"), channel("c", "s"), channel("d", "s"))
	// A spec that comes with the set is taken by its word: names after the set.
	_, err := w.try(rename("service", "s", "t", 1), update("channel", "c", 1, `{"path":"/c","service":"s"}`))
	w.refused(err, odb.Invalid, `channel/c: there is no service "s"`)
	w.must(rename("service", "s", "t", 1), service("s"), update("channel", "c", 1, `{"path":"/c","service":"s"}`))
	w.holds("channel", "c", `{"path":"/c","service":"s"}`)
	w.holds("channel", "d", `{"path":"/d","service":"t"}`)
	w.must(remove("service", "s", 1), update("channel", "c", 2, `{"path":"/c","service":"t"}`))
	w.must(rename("service", "t", "u", 2), remove("channel", "c", 3))
	w.holds("channel", "d", `{"path":"/d","service":"u"}`)
}

func swapNames(_ *testing.T, w *world) {
	w.must(service("a"), create("service", "b", `{"engine":"go","note":"b"}`), service("c"), channel("ca", "a"), channel("cb", "b"))
	a, b := w.get("service", "a"), w.get("service", "b")
	w.must(rename("service", "a", "b", 1), rename("service", "b", "a", 1))
	if w.get("service", "a").ID != b.ID || w.get("service", "b").ID != a.ID {
		w.Error("the names were not swapped")
	}
	w.holds("channel", "ca", `{"path":"/ca","service":"b"}`)
	w.holds("channel", "cb", `{"path":"/cb","service":"a"}`)
	w.must(rename("service", "a", "b", 2), rename("service", "b", "c", 2), rename("service", "c", "a", 1)) // a ring
	if w.get("service", "b").ID != b.ID || w.get("service", "c").ID != a.ID {
		w.Error("the ring did not turn")
	}
	w.holds("channel", "ca", `{"path":"/ca","service":"c"}`)
	w.holds("channel", "cb", `{"path":"/cb","service":"b"}`)
}

func claimsOneOwner(_ *testing.T, w *world) {
	w.must(service("s"), create("channel", "b", `{"path":"/orders/{id}","service":"s"}`))
	_, err := w.try(create("channel", "c", `{"path":"/orders/{number}","service":"s"}`))
	w.refused(err, odb.Conflict, `create channel/c: channel "b" already answers GET /orders/{}`)
	_, err = w.try(create("channel", "c", `{"path":"/x","service":"s"}`), create("channel", "d", `{"path":"/x","service":"s"}`))
	w.refused(err, odb.Conflict, `create channel/d: channel "c" in the same set already answers GET /x`)
	w.must(create("channel", "c", `{"path":"/orders/{number}","service":"s","method":"POST"}`))
	_, err = w.try(update("channel", "c", 1, `{"path":"/orders/{number}","service":"s"}`))
	w.refused(err, odb.Conflict, `channel "b" already answers GET`)
	w.must(create("channel", "d", `{"path":"/orders/{number}","service":"s","enabled":false}`))
	_, err = w.try(update("channel", "d", 1, `{"path":"/orders/{number}","service":"s"}`))
	w.refused(err, odb.Conflict, `update channel/d: channel "b" already answers`)
	w.must(update("channel", "b", 1, `{"path":"/orders/{other}","service":"s"}`)) // its own claim
	w.must(rename("service", "s", "t", 1))                                        // rewritten, claims kept
	_, err = w.try(create("channel", "e", `{"path":"/orders/{n}","service":"t"}`))
	w.refused(err, odb.Conflict, `channel "b" already answers`)
}

func claimsChangeHands(_ *testing.T, w *world) {
	w.must(service("s"), create("channel", "a", `{"path":"/a","service":"s"}`), create("channel", "b", `{"path":"/b","service":"s"}`))
	w.must(update("channel", "a", 1, `{"path":"/b","service":"s"}`), update("channel", "b", 1, `{"path":"/a","service":"s"}`))
	w.must(remove("channel", "a", 2), create("channel", "c", `{"path":"/b","service":"s"}`))
	w.must(update("channel", "b", 2, `{"path":"/a","service":"s","enabled":false}`), create("channel", "d", `{"path":"/a","service":"s"}`))
	_, err := w.try(update("channel", "b", 3, `{"path":"/b","service":"s"}`))
	w.refused(err, odb.Conflict, `channel "c" already answers GET /b`)
}

func oneBalancer(_ *testing.T, w *world) {
	w.must(create("balancer", "main", `{}`))
	_, err := w.try(create("balancer", "other", `{}`))
	w.refused(err, odb.Conflict, `balancer "main" already is the one balancer`)
	w.must(create("balancer", "other", `{"max_in_flight":5}`), remove("balancer", "main", 1))
}
