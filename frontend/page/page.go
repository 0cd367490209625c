// Package page is what all who serve the user interface have in common: the policy
// that its pages are held to, the media types of its files, and how a request of our own
// pages is told from one that another site has made.
//
// It offers [Headers], [ContentType] and [Own]. It serves nothing itself: the window, the
// browser mode and a node's control port do, each in its own way. It imports nothing
// of ours.
package page

import "net/http"

// Policy is the content security policy of the user interface: everything comes
// from where the page came from. Styles may stand in the page, because the editor and
// the components write them there.
const Policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Headers sets what keeps a page to itself.
func Headers(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

// Own says whether a page of origin itself makes the request. A read without word of
// who makes it comes from the address line; a change must say so. Browsers let no page
// write these headers, and another port of the same host is another origin.
func Own(r *http.Request, origin string) bool {
	site, from := r.Header.Get("Sec-Fetch-Site"), r.Header.Values("Origin")
	if len(from) > 1 || len(from) == 1 && from[0] != origin || site != "" && site != "same-origin" && site != "none" {
		return false
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	return len(from) == 1 || site == "same-origin"
}
