package node_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// serveHTTP runs a handler on loopback until the test ends and returns its URL.
func serveHTTP(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
