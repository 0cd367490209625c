package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const top = "../.."

// What is committed was drawn from the source as it is now, in all sizes.
func TestCommitted(t *testing.T) {
	t.Parallel()
	svg := read(t, source)
	if got, want := strings.TrimSpace(string(read(t, drawn))), fmt.Sprintf("%x", sha256.Sum256(svg)); got != want {
		t.Errorf("the icons are not drawn from %s as it is now: run make icons", source)
	}
	sizes := map[string]int{wails: wailsSize}
	for _, size := range linuxSizes() {
		sizes[fmt.Sprintf("%s/signalbox-%d.png", linux, size)] = size
	}
	for name, size := range sizes {
		c, err := png.DecodeConfig(bytes.NewReader(read(t, name)))
		if err != nil || c.Width != size || c.Height != size {
			t.Errorf("%s is %d x %d pixels (%v), want %d", name, c.Width, c.Height, err, size)
		}
	}
	found, err := filepath.Glob(filepath.Join(top, linux, "*.png"))
	if err != nil || len(found) != len(linuxSizes()) {
		t.Errorf("%d pictures (%v), want %d", len(found), err, len(linuxSizes()))
	}
	checkICO(t, read(t, windows), windowsSizes())
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkICO reads an icon as Windows does: the entries lie one after the other, each has
// the size that its picture has, and the whole file is used.
func checkICO(t *testing.T, b []byte, sizes []int) {
	t.Helper()
	var h icoHeader
	r := bytes.NewReader(b)
	entries := make([]icoEntry, len(sizes))
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil || h != (icoHeader{Kind: 1, Count: uint16(len(sizes))}) {
		t.Fatalf("the header is %+v (%v)", h, err)
	}
	if err := binary.Read(r, binary.LittleEndian, entries); err != nil {
		t.Fatal(err)
	}
	next := uint32(len(b) - r.Len())
	for i, e := range entries {
		if e.Offset != next || int(e.Offset+e.Size) > len(b) {
			t.Fatalf("the picture of %d pixels is at %d+%d, want it at %d", sizes[i], e.Offset, e.Size, next)
		}
		next += e.Size
		body := b[e.Offset:next]
		var width, height int
		if bytes.HasPrefix(body, []byte("\x89PNG")) {
			c, err := png.DecodeConfig(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			width, height = c.Width, c.Height
		} else {
			var m bitmapHeader
			if err := binary.Read(bytes.NewReader(body), binary.LittleEndian, &m); err != nil {
				t.Fatal(err)
			}
			width, height = int(m.Width), int(m.Height)/2
			if m.HeaderSize != 40 || int(m.ImageSize) != len(body)-40 {
				t.Errorf("a bitmap's header is %+v for %d bytes", m, len(body))
			}
		}
		if width != sizes[i] || height != sizes[i] || int(e.Width) != sizes[i]%256 || int(e.Height) != sizes[i]%256 {
			t.Errorf("entry %d is of %d, its picture of %d x %d, want %d", i, e.Width, width, height, sizes[i])
		}
	}
	if int(next) != len(b) {
		t.Errorf("%d bytes follow the last picture", len(b)-int(next))
	}
}

func TestEncodeICO(t *testing.T) {
	t.Parallel()
	small := image.NewNRGBA(image.Rect(5, 5, 7, 7)) // bounds need not begin at 0
	small.SetNRGBA(5, 6, color.NRGBA{R: 1, G: 2, B: 3, A: 128})
	b, err := encodeICO([]image.Image{small, image.NewNRGBA(image.Rect(0, 0, 256, 256))})
	if err != nil {
		t.Fatal(err)
	}
	checkICO(t, b, []int{2, 256})
	if first := b[6+2*16+40:][:4]; !bytes.Equal(first, []byte{3, 2, 1, 128}) {
		t.Errorf("the pixel at the bottom left is %v", first)
	}
	for name, bad := range map[string][]image.Image{
		"none": {}, "not square": {image.NewNRGBA(image.Rect(0, 0, 2, 3))}, "too large": {image.NewNRGBA(image.Rect(0, 0, 257, 257))},
	} {
		if _, err := encodeICO(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A drawing that cannot be drawn leaves everything as it was.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "read the source") {
		t.Errorf("error %v", err)
	}
}
