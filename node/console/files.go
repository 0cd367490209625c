package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"signalbox.internal/frontend/page"
)

// files serves the pages. Those below assets carry the hash of their content in their
// name, so browsers keep them for good; of the others they ask each time.
type files struct {
	byPath map[string]*file
}

type file struct {
	kind   string
	keep   bool
	loaded func() (content, error) // when it is first asked for
}

// content is a file as it is sent; small is empty where that is no gain.
type content struct {
	etag       string
	raw, small []byte
}

func openFiles(pages fs.FS) (*files, error) {
	f := &files{byPath: map[string]*file{}}
	err := fs.WalkDir(pages, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f.byPath["/"+name] = &file{
			kind: page.ContentType(name), keep: strings.HasPrefix(name, "assets/"),
			loaded: sync.OnceValues(func() (content, error) { return load(pages, name) }),
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	if f.byPath["/"] = f.byPath["/index.html"]; f.byPath["/"] == nil {
		return nil, errors.New("read the pages: there is no index.html")
	}
	return f, nil
}

func load(pages fs.FS, name string) (content, error) {
	raw, err := fs.ReadFile(pages, name)
	if err != nil {
		return content{}, err
	}
	sum := sha256.Sum256(raw)
	c := content{etag: hex.EncodeToString(sum[:8]), raw: raw}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return c, err
	}
	if _, err := z.Write(raw); err != nil {
		return c, err
	}
	if err := z.Close(); err != nil {
		return c, err
	}
	if small.Len() < len(raw)*9/10 {
		c.small = small.Bytes()
	}
	return c, nil
}

func (f *files) has(p string) bool { return f.byPath[p] != nil }

func (f *files) serve(w http.ResponseWriter, r *http.Request) {
	one := f.byPath[r.URL.Path]
	c, err := one.loaded()
	if err != nil { // it was there at the start
		http.Error(w, "the page cannot be read", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	page.Headers(h)
	h.Set("Content-Type", one.kind)
	h.Set("Cache-Control", "no-cache")
	if one.keep {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, etag := c.raw, c.etag
	if c.small != nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body, etag = c.small, etag+"-gzip"
		}
	}
	h.Set("Etag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// takesGzip reports whether the browser takes gzip. One that gives it weights takes
// the file as it is.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if strings.EqualFold(strings.TrimSpace(part), "gzip") {
			return true
		}
	}
	return false
}
