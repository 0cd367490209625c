package odbtest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signalbox.internal/odb"
)

func memberLife(_ *testing.T, w *world) {
	one := odb.Member{ID: odb.NewID(), Name: " box-1 ", By: "alice", MemberReport: odb.MemberReport{Gossip: "10.0.0.1:7946", Roles: []string{"server"}}}
	two := odb.Member{ID: odb.NewID(), Name: "box-2"}
	for range 2 { // a member that enrols again stays as it is
		if err := w.EnrolMember(w.ctx(), one); err != nil {
			w.Fatal(err)
		}
	}
	w.refused(w.EnrolMember(w.ctx(), odb.Member{ID: odb.NewID(), Name: "box-1"}), odb.Conflict, "box-1", one.ID, "--name")
	if err := w.EnrolMember(w.ctx(), two); err != nil {
		w.Fatal(err)
	}
	if err := w.ReportMember(w.ctx(), two.ID, odb.MemberReport{Control: "10.0.0.2:8183", Version: "2"}); err != nil {
		w.Fatal(err)
	}
	if err := w.SetRotation(w.ctx(), two.ID, odb.Draining); err != nil {
		w.Fatal(err)
	}
	all, err := w.ListMembers(w.ctx())
	if err != nil || len(all) != 2 {
		w.Fatalf("ListMembers() = %+v, %v", all, err)
	}
	a, b := all[0], all[1]
	if a.Name != "box-1" || a.Rotation != odb.Online || a.By != "alice" || a.Gossip != "10.0.0.1:7946" || a.Joined.IsZero() || !a.Removed.IsZero() {
		w.Errorf("the first is %+v", a)
	}
	if b.Rotation != odb.Draining || b.Control != "10.0.0.2:8183" || b.Version != "2" || b.Seen.Before(b.Joined) {
		w.Errorf("the second is %+v", b)
	}
}

func membersRemoved(_ *testing.T, w *world) {
	m := odb.Member{ID: odb.NewID(), Name: "box"}
	if err := w.EnrolMember(w.ctx(), m); err != nil {
		w.Fatal(err)
	}
	if err := w.RemoveMember(w.ctx(), m.ID); err != nil {
		w.Fatal(err)
	}
	w.refused(w.EnrolMember(w.ctx(), m), odb.Denied, "removed", "new key")
	w.refused(w.ReportMember(w.ctx(), m.ID, odb.MemberReport{}), odb.NotFound)
	w.refused(w.SetRotation(w.ctx(), m.ID, odb.Online), odb.NotFound)
	w.refused(w.RemoveMember(w.ctx(), m.ID), odb.NotFound)
	if err := w.EnrolMember(w.ctx(), odb.Member{ID: odb.NewID(), Name: "box"}); err != nil {
		w.Errorf("the name of a removed node is not free: %v", err)
	}
	all, err := w.ListMembers(w.ctx())
	if err != nil || len(all) != 2 {
		w.Fatalf("ListMembers() = %+v, %v", all, err)
	}
	for _, x := range all {
		if x.Name != "box" || (x.ID == m.ID) == x.Removed.IsZero() {
			w.Errorf("listed: %+v", x)
		}
	}
	w.refused(w.EnrolMember(w.ctx(), odb.Member{ID: "x", Name: "a/b", By: strings.Repeat("x", 201)}), odb.Invalid, "/id", "/name", "/by")
	w.refused(w.SetRotation(w.ctx(), m.ID, "away"), odb.Invalid, "maintenance")
}

const someHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func joinTokens(_ *testing.T, w *world) {
	soon := time.Now().Add(time.Hour)
	for _, p := range []odb.JoinToken{
		{ID: "five", Hash: someHash, Uses: 5, Approve: true, By: "alice", Note: "for the shed", Expires: soon},
		{ID: "old", Hash: someHash, Uses: 5, Expires: time.Now().Add(-time.Minute)},
	} {
		if err := w.CreateJoinToken(w.ctx(), p); err != nil {
			w.Fatal(err)
		}
	}
	w.refused(w.CreateJoinToken(w.ctx(), odb.JoinToken{Hash: "x"}), odb.Invalid, "/id", "/hash", "/uses", "/expires")
	for id, hash := range map[string]string{"old": someHash, "none": someHash, "five": strings.Repeat("0", 64)} {
		_, err := w.UseJoinToken(w.ctx(), id, hash)
		w.refused(err, odb.Denied, "not valid")
	}
	// Twenty boxes at once: five get in.
	var in atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			p, err := w.UseJoinToken(w.ctx(), "five", someHash)
			switch {
			case err == nil && p.Approve && p.By == "alice" && p.Note == "for the shed":
				in.Add(1)
			case odb.KindOf(err) != odb.Denied:
				w.Errorf("UseJoinToken() = %+v, %v", p, err)
			}
		})
	}
	wg.Wait()
	if in.Load() != 5 {
		w.Errorf("%d uses of 5 were taken", in.Load())
	}
	all, err := w.ListJoinTokens(w.ctx())
	if err != nil || len(all) != 2 {
		w.Fatalf("ListJoinTokens() = %+v, %v", all, err)
	}
	if err := w.DeleteJoinToken(w.ctx(), "old"); err != nil {
		w.Error(err)
	}
	w.refused(w.DeleteJoinToken(w.ctx(), "old"), odb.NotFound)
}

func joinRequests(_ *testing.T, w *world) {
	r := odb.JoinRequest{ID: odb.NewID(), Name: "box", Code: "AB12-CD34", Addr: "10.0.0.9"}
	for range 2 { // asking again takes the place of the first time
		if err := w.AskToJoin(w.ctx(), r, time.Minute); err != nil {
			w.Fatal(err)
		}
	}
	got, err := w.JoinRequestOf(w.ctx(), r.ID)
	if err != nil || got.State != odb.JoinWaiting || got.Code != r.Code || got.Addr != r.Addr || !got.Expires.After(got.Asked) {
		w.Errorf("JoinRequestOf() = %+v, %v", got, err)
	}
	w.refused(w.DecideJoin(w.ctx(), r.ID, odb.JoinWaiting, "alice"), odb.Invalid)
	if err := w.DecideJoin(w.ctx(), r.ID, odb.JoinApproved, "alice"); err != nil {
		w.Fatal(err)
	}
	w.refused(w.DecideJoin(w.ctx(), r.ID, odb.JoinRefused, "bob"), odb.Conflict, "approved already, by alice")
	w.refused(w.DecideJoin(w.ctx(), odb.NewID(), odb.JoinRefused, "bob"), odb.NotFound)
	if err := w.AskToJoin(w.ctx(), odb.JoinRequest{ID: odb.NewID(), Name: "gone", Code: "x"}, -time.Second); err != nil {
		w.Fatal(err)
	}
	all, err := w.ListJoinRequests(w.ctx())
	if err != nil || len(all) != 1 || all[0].By != "alice" {
		w.Errorf("ListJoinRequests() = %+v, %v", all, err)
	}
	for i := range 11 {
		err = w.AskToJoin(w.ctx(), odb.JoinRequest{ID: odb.NewID(), Name: "neighbour", Code: "x", Addr: "10.0.0.66"}, time.Minute)
		if err != nil && i < 10 {
			w.Fatalf("request %d of an address: %v", i, err)
		}
	}
	w.refused(err, odb.Denied, "from address 10.0.0.66 wait already")
	for i := range 91 {
		err = w.AskToJoin(w.ctx(), odb.JoinRequest{ID: odb.NewID(), Name: "flood", Code: "x"}, time.Minute)
		if err != nil && i < 89 {
			w.Fatalf("request %d: %v", i, err)
		}
	}
	w.refused(err, odb.Denied, "wait already")
}
