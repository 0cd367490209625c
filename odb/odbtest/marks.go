package odbtest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"signalbox.internal/odb"
)

func markLife(_ *testing.T, w *world) {
	if m, err := w.Mark(w.ctx(), "last_backup"); odb.KindOf(err) != odb.NotFound || m != (odb.Mark{}) {
		w.Errorf("Mark() of what was never set = %+v, %v", m, err)
	}
	var last odb.Mark
	for _, value := range []string{"one", `{"by":"zażółć"}`, strings.Repeat("ż", 4000)} {
		if err := w.SetMark(w.ctx(), "last_backup", value); err != nil {
			w.Fatal(err)
		}
		m, err := w.Mark(w.ctx(), "last_backup")
		if err != nil || m.Value != value || m.At.Before(last.At) || m.At.IsZero() {
			w.Errorf("Mark() = %.40q at %v, %v; want %.40q", m.Value, m.At, err, value)
		}
		last = m
	}
	if m, err := w.again(w.TB, w.Store).Mark(w.ctx(), "last_backup"); err != nil || m != last {
		w.Errorf("another process sees %.40q, %v", m.Value, err)
	}
	for _, bad := range [][2]string{
		{"", "x"}, {"A", "x"}, {"a b", "x"}, {strings.Repeat("a", 61), "x"}, {"a", ""}, {"a", strings.Repeat("x", 4001)}, {"a", "\xff"}, {"a", "\x00"},
	} {
		if err := w.SetMark(w.ctx(), bad[0], bad[1]); odb.KindOf(err) != odb.Invalid {
			w.Errorf("SetMark(%.20q, %.20q) = %v, want Invalid", bad[0], bad[1], err)
		}
	}
	if rev, err := w.Revision(w.ctx()); err != nil || rev != 0 {
		w.Errorf("marks made revision %d, %v", rev, err)
	}
}

// Many set a mark that is not there yet: each succeeds, one value stays.
func firstMarkByMany(_ *testing.T, w *world) {
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if err := w.SetMark(w.ctx(), "first", fmt.Sprint(i)); err != nil {
				w.Error(err)
			}
		})
	}
	wg.Wait()
	if m, err := w.Mark(w.ctx(), "first"); err != nil || len(m.Value) != 1 {
		w.Errorf("Mark() = %+v, %v", m, err)
	}
}
