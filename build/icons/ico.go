package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
)

// The largest picture is a PNG, which programs that know 256 pixels understand; the
// others are plain bitmaps, which everything understands.
const pngFrom = 256

// icoHeader begins a file of icons, icoEntry says where one picture of it lies.
type icoHeader struct{ Reserved, Kind, Count uint16 }

type icoEntry struct {
	Width, Height, Colours, Reserved uint8 // 0 is 256
	Planes, Bits                     uint16
	Size, Offset                     uint32
}

// bitmapHeader is a BITMAPINFOHEADER. Height counts the picture and its mask.
type bitmapHeader struct {
	HeaderSize                 uint32
	Width, Height              int32
	Planes, Bits               uint16
	Compression, ImageSize     uint32
	XPerMeter, YPerMeter       int32
	ColoursUsed, ColoursNeeded uint32
}

// encodeICO returns a Windows icon of the pictures, which are square and at most 256 pixels.
func encodeICO(pictures []image.Image) ([]byte, error) {
	var head, body bytes.Buffer
	write(&head, icoHeader{Kind: 1, Count: uint16(len(pictures))})
	offset := binary.Size(icoHeader{}) + len(pictures)*binary.Size(icoEntry{})
	for _, p := range pictures {
		size := p.Bounds().Dx()
		if size < 1 || size > 256 || size != p.Bounds().Dy() {
			return nil, fmt.Errorf("a picture of %v cannot be part of a Windows icon", p.Bounds().Size())
		}
		b := bitmap(p)
		if size >= pngFrom {
			var err error
			if b, err = encodePNG(p); err != nil {
				return nil, err
			}
		}
		write(&head, icoEntry{
			Width: uint8(size % 256), Height: uint8(size % 256), Planes: 1, Bits: 32,
			Size: uint32(len(b)), Offset: uint32(offset + body.Len()),
		})
		body.Write(b)
	}
	if len(pictures) == 0 {
		return nil, errors.New("an icon needs a picture")
	}
	return append(head.Bytes(), body.Bytes()...), nil
}

// bitmap returns a picture as icons hold it: rows from the bottom, blue, green, red and
// alpha, then an empty mask of one bit a pixel, for alpha says it all.
func bitmap(p image.Image) []byte {
	size := p.Bounds().Dx()
	mask := make([]byte, (size+31)/32*4*size)
	var b bytes.Buffer
	write(&b, bitmapHeader{
		HeaderSize: uint32(binary.Size(bitmapHeader{})), Width: int32(size), Height: int32(2 * size),
		Planes: 1, Bits: 32, ImageSize: uint32(4*size*size + len(mask)),
	})
	low := p.Bounds().Min
	for y := size - 1; y >= 0; y-- {
		for x := range size {
			c, _ := color.NRGBAModel.Convert(p.At(low.X+x, low.Y+y)).(color.NRGBA)
			b.Write([]byte{c.B, c.G, c.R, c.A})
		}
	}
	b.Write(mask)
	return b.Bytes()
}

// write appends a struct of fixed size, which a buffer never refuses.
func write(b *bytes.Buffer, v any) {
	_ = binary.Write(b, binary.LittleEndian, v)
}
