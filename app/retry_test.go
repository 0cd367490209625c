package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signalbox.internal/app"
)

// A cluster that is down says when it is asked again, later each time, and is asked at
// once when somebody wants it.
func TestDownClusterTellsItsNextTry(t *testing.T) {
	t.Parallel()
	gone := httptest.NewTLSServer(http.NotFoundHandler())
	url := gone.URL
	gone.Close()
	r := start(t, t.TempDir(), newRing())
	saved := app.SaveCluster{Name: "Gone", URLs: []string{url}, Fingerprint: "sha256:" + strings.Repeat("ab", 32)}
	c := ok[app.Cluster](r, r.do("POST", "/api/clusters", saved))
	waits := func(c app.Cluster) bool {
		return down(c) && c.NextTry != nil && c.NextTry.After(time.Now().Add(4*time.Second))
	}
	first := r.until(c.ID, waits)
	if got := r.do("POST", "/api/clusters/"+c.ID+"/retry", nil); got.status != http.StatusNoContent {
		t.Fatalf("answered %d %s", got.status, got.body)
	}
	asked := time.Now()
	again := r.until(c.ID, func(c app.Cluster) bool { return c.NextTry != nil && !c.NextTry.Equal(*first.NextTry) })
	if asked.After(*first.NextTry) {
		t.Fatal("the machine is so slow that the cluster was asked by itself")
	}
	if !again.NextTry.After(*first.NextTry) {
		t.Errorf("the next try is at %v, the one before was to be at %v", again.NextTry, first.NextTry)
	}
}
