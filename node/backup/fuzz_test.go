package backup

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// frameOf writes a frame by hand.
func frameOf(kind byte, content string) string {
	head := make([]byte, 5)
	head[0] = kind
	binary.BigEndian.PutUint32(head[1:], uint32(len(content)))
	return string(head) + content
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func manifestText(t testing.TB, names ...string) string {
	t.Helper()
	text, err := json.Marshal(Manifest{
		Format: Format, Cluster: "acme", CA: strings.Repeat("ab", 32), MadeAt: time.Unix(1, 0).UTC(), Names: names,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const (
	hello        = `"bytes":5,"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"`
	helloTrailer = `{"revision":7,"parts":[{"name":"a",` + hello + `}]}`
)

// readPlain reads what was decrypted, as NewReader does after that.
func readPlain(plain []byte) (Summary, error) {
	s := &source{r: bytes.NewReader(plain)}
	in, err := unzip(s)
	if err != nil {
		return Summary{}, s.judge(err)
	}
	r, err := newReader(in, s)
	for err == nil {
		_, _, err = r.Next()
	}
	if errors.Is(err, io.EOF) {
		return r.Summary()
	}
	return Summary{}, err
}

func TestFrames(t *testing.T) {
	t.Parallel()
	m := frameOf('M', manifestText(t, "a"))
	data, end, trailer := frameOf('D', "hello"), frameOf('E', ""), frameOf('T', helloTrailer)
	for name, tc := range map[string]struct {
		text string
		want error // nil: it is read
	}{
		"good":                   {m + data + end + trailer, nil},
		"in two pieces":          {m + frameOf('D', "he") + frameOf('D', "llo") + end + trailer, nil},
		"empty":                  {"", ErrDamaged},
		"no manifest":            {data + end + trailer, ErrForeign},
		"manifest is no JSON":    {frameOf('M', "{") + data, ErrForeign},
		"manifest of a newer":    {frameOf('M', `{"format":2,"more":true}`) + data, ErrNewer},
		"unknown field":          {frameOf('M', `{"format":1,"more":true}`) + data, ErrDamaged},
		"two objects":            {frameOf('M', manifestText(t, "a")+"{}") + data + end + trailer, ErrForeign},
		"no part end":            {m + data + trailer, ErrDamaged},
		"empty data":             {m + frameOf('D', "") + data + end + trailer, ErrDamaged},
		"end with content":       {m + data + frameOf('E', "x") + trailer, ErrDamaged},
		"other data":             {m + frameOf('D', "jello") + end + trailer, ErrDamaged},
		"less data":              {m + frameOf('D', "hell") + end + trailer, ErrDamaged},
		"part twice":             {m + data + end + data + end + trailer, ErrDamaged},
		"no trailer":             {m + data + end, ErrDamaged},
		"trailer is no JSON":     {m + data + end + frameOf('T', "["), ErrDamaged},
		"empty trailer":          {m + data + end + frameOf('T', ""), ErrDamaged},
		"trailer without parts":  {m + data + end + frameOf('T', `{"revision":7}`), ErrDamaged},
		"revision below nought":  {m + data + end + frameOf('T', strings.Replace(helloTrailer, "7", "-7", 1)), ErrDamaged},
		"more behind it":         {m + data + end + trailer + "x", ErrDamaged},
		"unknown frame":          {m + frameOf('X', "hello") + end + trailer, ErrDamaged},
		"too large a frame":      {m + "D\x00\x01\x00\x01" + strings.Repeat("x", 65537) + end + trailer, ErrDamaged},
		"as large as can be":     {m + "D\xff\xff\xff\xff", ErrDamaged},
		"a frame that is cut":    {m + "D\x00\x00\x00\x09hello", ErrDamaged},
		"a manifest that is cut": {m[:40], ErrDamaged},
	} {
		sum, err := readPlain(zipped(t, tc.text))
		switch {
		case tc.want == nil && (err != nil || sum.Revision != 7 || sum.Parts[0].Bytes != 5):
			t.Errorf("%s: %+v, %v", name, sum, err)
		case tc.want != nil && !errors.Is(err, tc.want):
			t.Errorf("%s: %v, want: %v", name, err, tc.want)
		}
	}
	two := append(zipped(t, m+data+end+trailer), zipped(t, "x")...)
	if _, err := readPlain(two); !errors.Is(err, ErrDamaged) {
		t.Errorf("a second stream behind it: %v", err)
	}
}

// Whatever is behind the encryption, reading it ends, with one of our errors or
// with parts that fit the trailer.
func FuzzReader(f *testing.F) {
	m := frameOf('M', manifestText(f, "a"))
	good := m + frameOf('D', "hello") + frameOf('E', "") + frameOf('T', helloTrailer)
	f.Add([]byte(good))
	f.Add([]byte(m + "D\xff\xff\xff\xff"))
	f.Add([]byte(frameOf('M', `{"format":2}`)))
	f.Add([]byte(good[:len(good)-3]))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &source{r: bytes.NewReader(text)}
		r, err := newReader(s, s)
		var parts []Part
		for err == nil {
			var name string
			var content io.Reader
			if name, content, err = r.Next(); err == nil {
				var n int64
				if n, err = io.Copy(io.Discard, content); err == nil {
					parts = append(parts, Part{Name: name, Bytes: n})
				}
			}
		}
		if errors.Is(err, io.EOF) {
			sum, err := r.Summary()
			if err != nil || len(sum.Parts) != len(parts) {
				t.Fatalf("%d parts were read: %+v, %v", len(parts), sum, err)
			}
			for i, p := range sum.Parts {
				if p.Name != parts[i].Name || p.Bytes != parts[i].Bytes {
					t.Fatalf("part %+v was read as %+v", p, parts[i])
				}
			}
			return
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrNewer) {
			t.Fatalf("got %v", err)
		}
	})
}

// FuzzUnzip is the same below the compression.
func FuzzUnzip(f *testing.F) {
	m := frameOf('M', manifestText(f, "a"))
	f.Add(zipped(f, m+frameOf('D', "hello")+frameOf('E', "")+frameOf('T', helloTrailer)))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		sum, err := readPlain(plain)
		if err == nil && len(sum.Parts) == 0 {
			t.Fatal("it was read and has no parts")
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrNewer) {
			t.Fatalf("got %v", err)
		}
	})
}
