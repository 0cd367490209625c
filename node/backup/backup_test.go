package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"signalbox.internal/node/backup"
)

const (
	passphrase = "umbrella-kiosk-17-lantern"
	planted    = "PLANTED-secret-in-a-part"
	// cheap makes scrypt fast; what is tested does not depend on its cost.
	cheap = 4
)

func manifest(names ...string) backup.Manifest {
	return backup.Manifest{
		Cluster: "acme", CA: strings.Repeat("ab", 32), MadeAt: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
		By: "ann", Node: "box1", Version: "v1.2.3", ODBKind: "sqlite", Schema: 20, Names: names,
	}
}

// contents are parts of awkward sizes; the third does not compress.
func contents() [][]byte {
	noise := make([]byte, 200_001)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(noise)
	return [][]byte{{}, []byte(planted), noise, bytes.Repeat([]byte("x"), 64<<10)}
}

var names = []string{"a", "b", "c-2", "d.txt"}

func write(t testing.TB, dst io.Writer) backup.Summary {
	t.Helper()
	sum, err := tryWrite(dst)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func tryWrite(dst io.Writer) (backup.Summary, error) {
	w, err := backup.NewWriter(dst, backup.WriterConfig{Passphrase: passphrase, Manifest: manifest(names...), WorkFactor: cheap})
	if err != nil {
		return backup.Summary{}, err
	}
	for i, content := range contents() {
		err := w.Part(names[i], func(w io.Writer) error {
			third := len(content) / 3
			_, err1 := w.Write(content[:third])
			_, err2 := w.Write(content[third:])
			return errors.Join(err1, err2)
		})
		if err != nil {
			return backup.Summary{}, err
		}
	}
	return w.Close(812)
}

func file(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	write(t, &b)
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := write(t, &b)
	for _, clear := range []string{planted, "acme", "manifest", passphrase} {
		if bytes.Contains(b.Bytes(), []byte(clear)) {
			t.Errorf("the file shows %q in clear", clear)
		}
	}
	var got [][]byte
	sum, err := backup.Read(t.Context(), &b, passphrase, func(name string, r io.Reader) error {
		if name != names[len(got)] {
			t.Errorf("part %d is %s, want %s", len(got), name, names[len(got)])
		}
		content, err := io.ReadAll(r)
		got = append(got, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, content := range contents() {
		if !bytes.Equal(got[i], content) {
			t.Errorf("part %s has %d bytes, want %d", names[i], len(got[i]), len(content))
		}
	}
	if fmt.Sprint(sum) != fmt.Sprint(want) || sum.Revision != 812 || sum.Parts[2].Bytes != 200_001 {
		t.Errorf("read %+v\nwrote %+v", sum, want)
	}
}

// Who skips a part gets the next one, and what was skipped is checked all the same.
func TestSkip(t *testing.T) {
	t.Parallel()
	r, err := backup.NewReader(bytes.NewReader(file(t)), passphrase)
	if err != nil {
		t.Fatal(err)
	}
	for range names {
		if _, _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Summary(); err == nil {
			t.Error("there is a summary before the end")
		}
	}
	for range 2 {
		if _, _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the last part: %v, want io.EOF", err)
		}
	}
	if _, err := r.Summary(); err != nil {
		t.Error(err)
	}
}

func verify(b []byte, passphrase string) error {
	_, err := backup.Verify(context.Background(), bytes.NewReader(b), passphrase)
	return err
}

func TestCutAnywhereIsRefused(t *testing.T) {
	t.Parallel()
	whole := file(t)
	lengths := []int{0, 1, 10, 21, 22, 23, 60, 100, 150, 200, len(whole) - 1, len(whole) - 16, len(whole) - 17}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		lengths = append(lengths, rng.IntN(len(whole)))
	}
	for chunk := 64<<10 + 16; chunk < len(whole); chunk += 64<<10 + 16 { // at age's own borders
		lengths = append(lengths, chunk, len(whole)-chunk)
	}
	for _, n := range lengths {
		if err := verify(whole[:n], passphrase); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("cut to %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

func TestFlippedBytesAreRefused(t *testing.T) {
	t.Parallel()
	whole := file(t)
	at := []int{0, 5, 20, 21, 22, 30, 50, 80, 120, 140, 160, 170, 180, len(whole) - 1}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 150 {
		at = append(at, rng.IntN(len(whole)))
	}
	for _, i := range at {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << rng.IntN(8)
		err := verify(bad, passphrase)
		if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrForeign) && !errors.Is(err, backup.ErrPassphrase) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
		if i > 250 && !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("byte %d flipped: %v, want that it is damaged", i, err)
		}
	}
	if err := verify(append(bytes.Clone(whole), 'x'), passphrase); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("with a byte more: %v", err)
	}
	if err := verify(append(bytes.Clone(whole), whole...), passphrase); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("twice: %v", err)
	}
}

func TestWrongFiles(t *testing.T) {
	t.Parallel()
	ageOf := func(content string, r age.Recipient) []byte {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	scrypt, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	scrypt.SetWorkFactor(cheap)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	costly := bytes.Replace(file(t), []byte(" 4\n"), []byte(" 30\n"), 1)
	for name, tc := range map[string]struct {
		file       []byte
		passphrase string
		want       error
	}{
		"wrong passphrase":        {file(t), passphrase + "x", backup.ErrPassphrase},
		"empty passphrase":        {file(t), "", backup.ErrPassphrase},
		"text":                    {[]byte("kind: channel\n"), passphrase, backup.ErrForeign},
		"zip":                     {[]byte("PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), passphrase, backup.ErrForeign},
		"to a key":                {ageOf("hello", key.Recipient()), passphrase, backup.ErrForeign},
		"something else in it":    {ageOf("hello, I am no backup", scrypt), passphrase, backup.ErrForeign},
		"nothing in it":           {ageOf("", scrypt), passphrase, backup.ErrForeign},
		"asks for endless memory": {costly, passphrase, backup.ErrDamaged},
	} {
		if err := verify(tc.file, tc.passphrase); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want: %v", name, err, tc.want)
		} else if strings.Contains(err.Error(), passphrase) {
			t.Errorf("%s: the error shows the passphrase", name)
		}
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backup.Verify(ctx, bytes.NewReader(file(t)), passphrase); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A disk that cannot be read is not a damaged file.
func TestReadError(t *testing.T) {
	t.Parallel()
	disk := errors.New("input/output error")
	whole := file(t)
	for _, n := range []int{0, 10, 100, 300, 100_000} {
		r := io.MultiReader(bytes.NewReader(whole[:n]), failing{disk})
		if _, err := backup.Verify(t.Context(), r, passphrase); !errors.Is(err, disk) || errors.Is(err, backup.ErrDamaged) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	begin := func(m backup.Manifest) (*backup.Writer, error) {
		return backup.NewWriter(io.Discard, backup.WriterConfig{Passphrase: passphrase, Manifest: m, WorkFactor: cheap})
	}
	none := func(io.Writer) error { return nil }
	for name, m := range map[string]backup.Manifest{
		"no part": manifest(), "a part twice": manifest("a", "a"), "a bad name": manifest("../a"),
		"no cluster": {CA: strings.Repeat("ab", 32), MadeAt: time.Now(), Names: []string{"a"}},
		"no CA":      {Cluster: "c", MadeAt: time.Now(), Names: []string{"a"}},
		"no time":    {Cluster: "c", CA: strings.Repeat("ab", 32), Names: []string{"a"}},
	} {
		if _, err := begin(m); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	w, err := begin(manifest("a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Part("b", none); err == nil {
		t.Error("a part out of order was taken")
	}
	if w, err = begin(manifest("a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := w.Part("a", none); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(1); err == nil {
		t.Error("it was closed without its last part")
	}
	boom := errors.New("boom")
	if w, err = begin(manifest("a")); err != nil {
		t.Fatal(err)
	}
	if err := w.Part("a", func(io.Writer) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	if _, err := w.Close(1); !errors.Is(err, boom) {
		t.Errorf("closed after an error: %v", err)
	}
}

// What a part holds passes through: memory does not grow with it.
func TestMemoryStaysFlat(t *testing.T) {
	const size = 96 << 20
	r, w := io.Pipe()
	go func() {
		bw, err := backup.NewWriter(w, backup.WriterConfig{Passphrase: passphrase, Manifest: manifest("big"), WorkFactor: cheap})
		if err == nil {
			err = bw.Part("big", func(w io.Writer) error {
				rng := rand.NewChaCha8([32]byte{7})
				_, err := io.CopyN(w, rng, size)
				return err
			})
		}
		if err == nil {
			_, err = bw.Close(1)
		}
		w.CloseWithError(err)
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sum, err := backup.Verify(t.Context(), r, passphrase)
	runtime.ReadMemStats(&after)
	if err != nil || sum.Parts[0].Bytes != size {
		t.Fatalf("%+v, %v", sum, err)
	}
	// age makes a block of 64 KiB anew for each that it reads; that is garbage at once.
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 24<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}
