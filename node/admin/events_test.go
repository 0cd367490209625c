package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"signalbox.internal/node/admin"
	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

func jsonInto(raw []byte, into any) error { return json.Unmarshal(raw, into) }

func TestEventsOverHTTP(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, view := t.Context(), r.as(t, odb.Viewer)
	now := must2(view.Events(ctx, ""))(t)
	if len(now.Events) != 0 || now.Cursor == "" || now.Reset {
		t.Fatalf("the first look gives %+v", now)
	}
	waited := make(chan client.Events, 1)
	go func() {
		got, err := view.Events(ctx, now.Cursor)
		if err != nil {
			t.Error(err)
		}
		waited <- got
	}()
	made := create(t, r.as(t, odb.Developer), "channel", "c", `{"path":"/c","service":"demo.echo"}`)
	got := <-waited
	if len(got.Events) != 1 || got.Events[0].Type != admin.EventRevision || got.Events[0].Revision != made.Revision || got.Events[0].Actor != "developer" {
		t.Errorf("events are %+v", got)
	}
	r.events.Publish(client.Event{Type: admin.EventRevision, Revision: made.Revision}) // the reconciler tells it too
	must2(r.as(t, odb.Developer).Deploy(ctx, client.DeployRequest{Packages: []client.Package{pack("p", "p.a", "x")}}))(t)
	next := must2(view.Events(ctx, got.Cursor))(t)
	if len(next.Events) != 1 || next.Events[0].Type != admin.EventDeploy || next.Events[0].Text != "p" {
		t.Errorf("then %+v", next)
	}
	for _, cursor := range []string{"nonsense", "00000000-1", got.Cursor + "9"} {
		if e := must2(view.Events(ctx, cursor))(t); !e.Reset || e.Cursor != next.Cursor {
			t.Errorf("cursor %q gives %+v", cursor, e)
		}
	}
}

func TestEventsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := admin.NewEvents(nil)
		cursor := e.After(t.Context(), "").Cursor
		got := make(chan client.Events, 1)
		wait := func(limit time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			got <- e.After(ctx, cursor)
		}
		start := time.Now()
		go wait(25 * time.Second)
		if r := <-got; len(r.Events) != 0 || r.Cursor != cursor || time.Since(start) != 25*time.Second {
			t.Errorf("a quiet time ends after %s with %+v", time.Since(start), r)
		}
		go wait(time.Minute)
		synctest.Wait()
		e.Publish(client.Event{Type: admin.EventProblems})
		if r := <-got; len(r.Events) != 1 || r.Events[0].At.IsZero() {
			t.Errorf("woken by %+v", r)
		}
		cursor = e.After(t.Context(), "").Cursor
		go wait(time.Minute)
		synctest.Wait()
		e.Close()
		e.Close()
		if r := <-got; len(r.Events) != 0 {
			t.Errorf("closing gives %+v", r)
		}
		go wait(time.Minute)
		<-got // at once
		e.Publish(client.Event{Type: admin.EventProblems})
		if since := time.Since(start); since != 25*time.Second {
			t.Errorf("%s went by, want 25s", since)
		}
	})
}

// Only the newest events are kept; who is too far behind is told so.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	e := admin.NewEvents(nil)
	first := e.After(t.Context(), "").Cursor
	for i := range 1500 {
		e.Publish(client.Event{Type: admin.EventDeploy, Text: fmt.Sprint(i)})
	}
	if got := e.After(t.Context(), first); !got.Reset || len(got.Events) != 0 {
		t.Errorf("too far behind gives %d events, reset %t", len(got.Events), got.Reset)
	}
	epoch := first[:len(first)-1]
	got := e.After(t.Context(), epoch+"501")
	if got.Reset || len(got.Events) != 1000 || got.Events[0].Text != "500" || got.Events[999].Text != "1499" {
		t.Errorf("the kept ones are %d, reset %t", len(got.Events), got.Reset)
	}
}
