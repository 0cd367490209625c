// Command icons draws every icon of the packages from one source, frontend/public/icon.svg:
// the pictures of a Linux desktop, the one that Wails wants and the icon of Windows.
//
// Its results are committed, so that a build needs no program that draws. It draws nothing
// itself: rsvg-convert does (Debian's librsvg2-bin). make icons runs it in the top folder.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
)

const (
	source  = "frontend/public/icon.svg"
	linux   = "build/icons"            // signalbox-SIZE.png
	wails   = "build/appicon.png"      // Wails' name
	windows = "build/windows/icon.ico" // Wails' name
	// drawn holds the checksum of the source that all of them were drawn from.
	drawn = "build/icons/source.sha256"
)

// Sizes in pixels. Windows asks for some that Linux does not know.
const wailsSize = 1024

func linuxSizes() []int   { return []int{16, 24, 32, 48, 64, 128, 256, 512} }
func windowsSizes() []int { return []int{16, 20, 24, 32, 40, 48, 64, 128, 256} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "."); err != nil {
		fmt.Fprintln(os.Stderr, "icons:", err)
		os.Exit(1)
	}
}

// run draws into the repository whose top folder is top.
func run(ctx context.Context, top string) error {
	text, err := os.ReadFile(filepath.Join(top, source))
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	files := map[string][]byte{drawn: fmt.Appendf(nil, "%x\n", sha256.Sum256(text))}
	for _, size := range linuxSizes() {
		if files[fmt.Sprintf("%s/signalbox-%d.png", linux, size)], err = draw(ctx, text, size); err != nil {
			return err
		}
	}
	if files[wails], err = draw(ctx, text, wailsSize); err != nil {
		return err
	}
	var pictures []image.Image
	for _, size := range windowsSizes() {
		b, err := draw(ctx, text, size)
		if err != nil {
			return err
		}
		picture, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			return fmt.Errorf("read a drawn picture: %w", err)
		}
		pictures = append(pictures, picture)
	}
	if files[windows], err = encodeICO(pictures); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(top, name), b, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// draw returns the drawing as a PNG of size x size pixels. It is encoded anew, so that
// the bytes do not depend on the version of the program that drew it.
func draw(ctx context.Context, svg []byte, size int) ([]byte, error) {
	n := strconv.Itoa(size)
	cmd := exec.CommandContext(ctx, "rsvg-convert", "--width", n, "--height", n, "--format", "png")
	cmd.Stdin = bytes.NewReader(svg)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("draw %s at %d pixels: %w: %s", source, size, err, complaint.Bytes())
	}
	picture, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("read a drawn picture: %w", err)
	}
	return encodePNG(picture)
}

func encodePNG(picture image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, picture); err != nil {
		return nil, fmt.Errorf("encode a picture: %w", err)
	}
	return b.Bytes(), nil
}
