package lb

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// checkTarget looks at method and request target. The path must be in its plain
// form: it is never mended, because a mended path may mean something else to who
// wrote the rules, and a redirect loses the body of a POST.
func checkTarget(r *http.Request) (refusal, string) {
	if r.Method == http.MethodConnect || r.Method == http.MethodTrace {
		return refusedMethod, "the method " + r.Method + " is not offered"
	}
	u := r.URL
	if u.Scheme != "" || u.Host != "" { // absolute form; net/http has made its host the request's
		if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
			return refusedTarget, ""
		}
		u.Scheme, u.Host = "", ""
		if u.Path == "" {
			u.Path = "/"
		}
	}
	if u.Opaque != "" || u.Fragment != "" || u.Path == "" || u.Path[0] != '/' {
		return refusedTarget, ""
	}
	if u.RawPath == "" {
		return checkPath(u.Path)
	}
	return checkRawPath(u.RawPath)
}

// checkPath checks a path that has no unusual escapes.
func checkPath(path string) (refusal, string) {
	start, ascii := 1, true
	for i := 1; i < len(path); i++ {
		switch c := path[i]; {
		case c == '/':
			if why, detail := checkSegment(path[start:i]); why != admitted {
				return why, detail
			}
			start = i + 1
		case c < 0x20 || c == 0x7f || c == '\\':
			return refusedPath, "the path has a control character or a backslash"
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(path) {
		return refusedPath, "the path is not valid UTF-8"
	}
	return checkLast(path[start:])
}

// checkRawPath checks a path with unusual escapes, segment by segment: an escaped
// slash is a character of its segment, but escaped dots are dots.
func checkRawPath(raw string) (refusal, string) {
	if strings.Contains(raw, "#") {
		return refusedTarget, "the request line has a fragment"
	}
	segments := strings.Split(raw[1:], "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil || !utf8.ValidString(plain) {
			return refusedPath, "the path is not valid UTF-8"
		}
		for j := range len(plain) {
			if c := plain[j]; c < 0x20 || c == 0x7f || c == '\\' {
				return refusedPath, "the path has a control character or a backslash"
			}
		}
		check := checkSegment
		if i == len(segments)-1 {
			check = checkLast
		}
		if why, detail := check(plain); why != admitted {
			return why, detail
		}
	}
	return admitted, ""
}

// checkSegment refuses empty segments and dot segments.
func checkSegment(s string) (refusal, string) {
	if s == "" {
		return refusedPath, "the path has two slashes in a row"
	}
	return checkLast(s)
}

// checkLast checks the last segment, which may be empty.
func checkLast(s string) (refusal, string) {
	if s == "." || s == ".." {
		return refusedPath, "the path has a segment of dots"
	}
	return admitted, ""
}
