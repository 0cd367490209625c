package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"signalbox.internal/node/admin/client"
)

// maxSaves is how many files may be in the middle of being saved, and savingFor how
// long the page may take between two pieces.
const (
	maxSaves  = 8
	savingFor = 10 * time.Minute
)

// shellSaves are the files that the page is saving piece by piece: a window of Windows
// cuts larger bodies.
type shellSaves struct {
	now func() time.Time

	mu   sync.Mutex
	open map[string]*target
}

func newShellSaves(now func() time.Time) *shellSaves {
	return &shellSaves{now: now, open: map[string]*target{}}
}

// target is a file in the making: it has another name until it is whole.
type target struct {
	path string
	f    *os.File
	at   time.Time

	mu   sync.Mutex // one piece at a time
	size int64
}

func newTarget(path string, now time.Time) (*target, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600: it may be secret
	if err != nil {
		return nil, notSaved(path, err)
	}
	return &target{path: path, f: f, at: now}, nil
}

// notSaved tells why a file cannot be written: the user chose where.
func notSaved(path string, err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err
	}
	return refuse(http.StatusConflict, client.CodeUnavailable, "%s cannot be written: %v", path, err)
}

func (t *target) Write(p []byte) (int, error) {
	n, err := t.f.Write(p)
	t.size += int64(n)
	return n, err
}

// drop removes what there is of the file.
func (t *target) drop() {
	_ = t.f.Close()
	_ = os.Remove(t.f.Name())
}

// keep gives the file its name.
func (t *target) keep() (Saved, error) {
	err := t.f.Sync()
	err = errors.Join(err, t.f.Close())
	if err == nil {
		err = os.Rename(t.f.Name(), t.path)
	}
	if err != nil {
		_ = os.Remove(t.f.Name())
		return Saved{}, notSaved(t.path, err)
	}
	return Saved{Path: t.path, Size: t.size}, nil
}

// ask lets the user choose where to save; nil when he thinks better of it.
func (s *shell) ask(ctx context.Context, in SaveFile) (*target, error) {
	in.Title = printable(in.Title, maxName)
	if name := printable(in.Name, maxName); in.Name == "" || name != in.Name || name != filepath.Base(name) || strings.ContainsAny(name, `/\:`) || strings.HasPrefix(name, ".") {
		var f faults
		f.add("/name", "propose a plain name for the file")
		return nil, f.err()
	}
	path, err := s.PickTarget(ctx, in)
	if err != nil || path == "" {
		return nil, err
	}
	return newTarget(path, s.app.cfg.Now())
}

func (s *shell) save(r *http.Request) (any, error) {
	in, err := decode[SaveFile](r)
	if err != nil {
		return nil, err
	}
	t, err := s.ask(r.Context(), in)
	if err != nil || t == nil {
		return nil, err
	}
	id := newID()
	return Saving{ID: id}, s.saves.put(id, t)
}

func (s *shellSaves) put(id string, t *target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.open {
		if s.now().Sub(old.at) > savingFor {
			old.drop()
			delete(s.open, id)
		}
	}
	if len(s.open) >= maxSaves {
		t.drop()
		return refuse(http.StatusConflict, client.CodeUnavailable, "too many files are being saved at once")
	}
	s.open[id] = t
	return nil
}

// get returns a file in the making; with end it is the caller's from now on.
func (s *shellSaves) get(id string, end bool) (*target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.open[id]
	if !ok {
		return nil, refuse(http.StatusNotFound, client.CodeNotFound, "this file is not being saved any more: save it again")
	}
	t.at = s.now()
	if end {
		delete(s.open, id)
	}
	return t, nil
}

// closeAll gives up what is unfinished.
func (s *shellSaves) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.open {
		t.drop()
		delete(s.open, id)
	}
}

// write appends a piece that begins where the last one ended.
func (s *shell) write(r *http.Request) (any, error) {
	t, err := s.saves.get(chi.URLParam(r, "id"), false)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := r.URL.Query().Get("at"); at != strconv.FormatInt(t.size, 10) {
		return nil, refuse(http.StatusConflict, client.CodeConflict, "the next piece begins at %d", t.size)
	}
	if _, err := io.Copy(t, http.MaxBytesReader(nil, r.Body, maxBody)); err != nil {
		return nil, notSaved(t.path, err)
	}
	return nil, nil //nolint:nilnil // 204
}

func (s *shell) finish(r *http.Request) (any, error) {
	t, err := s.saves.get(chi.URLParam(r, "id"), true)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if want := r.URL.Query().Get("size"); want != strconv.FormatInt(t.size, 10) {
		t.drop()
		return nil, refuse(http.StatusConflict, client.CodeConflict, "of %s bytes %d arrived; nothing was saved", printable(want, maxWord), t.size)
	}
	return t.keep()
}

func (s *shell) drop(r *http.Request) (any, error) {
	t, err := s.saves.get(chi.URLParam(r, "id"), true)
	if err != nil {
		return nil, err
	}
	t.drop()
	return nil, nil //nolint:nilnil // 204
}

// download saves the answer of a request. It is whole when the request said so.
func (s *shell) download(r *http.Request) (any, error) {
	in, err := decode[Download](r)
	if err != nil {
		return nil, err
	}
	req, err := in.Request.make(r.Context())
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		if name == confirmHeader {
			req.Header[name] = values
		}
	}
	t, err := s.ask(r.Context(), SaveFile{Name: in.Name, Title: in.Title})
	if err != nil || t == nil {
		return nil, err
	}
	if err := s.fetch(req, t); err != nil {
		t.drop()
		return nil, err
	}
	return t.keep()
}

// make makes the request; it may reach clusters and nothing else.
func (q Request) make(ctx context.Context) (*http.Request, error) {
	var f faults
	if !strings.HasPrefix(q.Path, "/api/clusters/") {
		f.add("/request/path", "it begins with /api/clusters/")
	}
	if q.Method != "" && q.Method != http.MethodGet && q.Method != http.MethodPost {
		f.add("/request/method", "it is GET or POST")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, http.ServerContextKey, &http.Server{}), q.Method, q.Path, strings.NewReader(q.Body)) //nolint:gosec // it serves nothing: with it the proxy tells when an answer breaks off
	if err != nil {
		f.add("/request/path", "it is no path")
		return nil, f.err()
	}
	req.RequestURI = q.Path
	if q.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// fetch lets the app's own handler answer into the file.
func (s *shell) fetch(req *http.Request, t *target) (err error) {
	out := &intoFile{target: t, header: http.Header{}}
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				s.app.reports.panicked("download", v)
			}
			err = brokeOff()
		}
	}()
	s.app.handler().ServeHTTP(out, req)
	return out.whole()
}

// intoFile is a ResponseWriter that writes what goes well into a file.
type intoFile struct {
	*target
	header  http.Header
	status  int
	problem bytes.Buffer
	failed  error
}

func (o *intoFile) Header() http.Header { return o.header }

func (o *intoFile) WriteHeader(status int) {
	if o.status == 0 && status >= 200 {
		o.status = status
	}
}

func (o *intoFile) Flush() {}

func (o *intoFile) Write(p []byte) (int, error) {
	o.WriteHeader(http.StatusOK)
	if o.status == http.StatusOK {
		n, err := o.target.Write(p)
		o.failed = errors.Join(o.failed, err)
		return n, err
	}
	if room := maxBody - o.problem.Len(); len(p) > room {
		return 0, errors.New("the refusal is too long")
	}
	return o.problem.Write(p)
}

// whole says whether the answer was good and came to its end. One that announces
// trailers tells in them.
func (o *intoFile) whole() error {
	if o.failed != nil {
		return notSaved(o.path, o.failed)
	}
	if o.status != http.StatusOK {
		return o.refusal()
	}
	for _, names := range o.header.Values("Trailer") {
		for name := range strings.SplitSeq(names, ",") {
			if err := o.trailer(http.CanonicalHeaderKey(strings.TrimSpace(name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// trailer looks at one announced trailer: X-Error says why the answer is not whole, its
// neighbour X that it is.
func (o *intoFile) trailer(name string) error {
	value := func(name string) string { return o.header.Get(name) + o.header.Get(http.TrailerPrefix+name) }
	good, bad := strings.CutSuffix(name, "-Error")
	if why := value(good + "-Error"); why != "" {
		return refuse(http.StatusBadGateway, client.CodeInternal, "the cluster could not finish it: %s", why)
	}
	if !bad && value(name) == "" {
		return brokeOff()
	}
	return nil
}

func brokeOff() error {
	return refuse(http.StatusBadGateway, CodeUnreachable, "the answer broke off; nothing was saved")
}

func (o *intoFile) refusal() error {
	var p client.Problem
	if err := json.Unmarshal(o.problem.Bytes(), &p); err != nil || p.Code == "" {
		return fmt.Errorf("answer with status %d", o.status)
	}
	p.Status = o.status
	return &p
}
