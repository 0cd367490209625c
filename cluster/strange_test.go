package cluster

import (
	"bytes"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// FuzzUnpack feeds a TCP connection's bytes to the transport: whatever comes, the
// connection is closed or its packets come out whole, and Shutdown ends it all.
func FuzzUnpack(f *testing.F) {
	frame := func(packets ...string) []byte {
		b := []byte{packetMark}
		for _, p := range packets {
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(p))), p...)
		}
		return b
	}
	f.Add(frame("one", "two"))
	f.Add(frame("one", ""))
	f.Add([]byte{packetMark, 0xff, 0xff, 1})
	f.Add([]byte{streamMark, 1, 2, 3})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		tr := newTransport(l, nil, time.Second, slog.New(slog.DiscardHandler))
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(b) // it may hang up before
		_ = c.(*net.TCPConn).CloseWrite()
		var got [][]byte
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_, _ = io.Copy(io.Discard, c) // until the transport closes it
		}()
		for open := true; open; {
			select {
			case p := <-tr.PacketCh():
				got = append(got, p.Buf)
			case s := <-tr.StreamCh():
				_ = s.Close()
			case <-closed:
				open = false
			}
		}
		_ = c.Close()
		if err := tr.Shutdown(); err != nil {
			t.Error(err)
		}
		if want := whole(b); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%d packets came out of %x, want %d", len(got), b, len(want))
		}
	})
}

// whole returns the packets in b up to the first that is cut or empty.
func whole(b []byte) (out [][]byte) {
	if len(b) == 0 || b[0] != packetMark {
		return nil
	}
	for b = b[1:]; len(b) > 2; {
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || len(b) < 2+n {
			return out
		}
		out = append(out, b[2:2+n])
		b = b[2+n:]
	}
	return out
}

// FuzzNotifyMsg feeds messages of a member to gossip: none may harm it.
func FuzzNotifyMsg(f *testing.F) {
	dir := f.TempDir()
	keys, err := OpenGossipKeys(filepath.Join(dir, GossipKeysFile))
	if err != nil {
		f.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	g, err := NewGossip(GossipConfig{
		NodeID: "00000000000000000000000001", Cluster: "test", Keys: keys, Listener: l, Profile: Bench, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = g.Close() })
	f.Add([]byte{hintMessage, 7})
	f.Add(binary.AppendUvarint([]byte{hintMessage}, 1<<63))
	f.Add(append([]byte{echoMessage, 1}, g.name...))
	f.Add(append([]byte{byeMessage, 0}, g.name...))
	f.Add([]byte{backMessage, 1, 2})
	f.Add([]byte{backMessage, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		g.NotifyMsg(b)
		g.MergeRemoteState(b, true)
		if g.LocalState(false) == nil || len(g.Members()) != 1 || g.Members()[0].State != Up {
			t.Errorf("after %x it sees %+v", b, g.Members())
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.hinted < 0 || len(g.events) > 1<<20 {
			t.Errorf("after %x: hinted %d, %d events", b, g.hinted, len(g.events))
		}
		g.events = nil // nobody takes them
	})
}

// FuzzDecodeMeta reads what a member tells of itself; what was read is told again
// within the limit.
func FuzzDecodeMeta(f *testing.F) {
	f.Add(Meta{Name: "box", Control: "10.0.0.1:8183", Roles: []string{"server"}, Revision: 7, Ready: true}.encode(maxMeta))
	f.Add([]byte(`{"r":["` + string(bytes.Repeat([]byte("x"), 600)) + `"]}`))
	f.Add([]byte(`{"v":-1}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMeta(b)
		if err != nil {
			return
		}
		out := m.encode(maxMeta)
		if len(out) > maxMeta {
			t.Errorf("%d bytes were made of %d", len(out), len(b))
		}
		if out == nil {
			return
		}
		if _, err := decodeMeta(out); err != nil {
			t.Errorf("what it tells again cannot be read: %v", err)
		}
	})
}

// FuzzParseGossipKeys reads a file of keys; what is read is written and read the same.
func FuzzParseGossipKeys(f *testing.F) {
	f.Add([]byte(gossipKeysHead + "\ngeneration 7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"))
	f.Add([]byte("generation -1\n"))
	f.Add([]byte("generation x\nAA==\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parseGossipKeys(text)
		if err != nil {
			return
		}
		if err := r.check(); err != nil || r.Generation < 0 {
			t.Errorf("read %+v of %q", r, text)
		}
	})
}

// Of two rings the one of the higher generation is the newer, whoever asks whom.
func TestNewerRingIsTaken(t *testing.T) {
	t.Parallel()
	open := func() *GossipKeys {
		k, err := OpenGossipKeys(filepath.Join(t.TempDir(), GossipKeysFile))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	off, on := open(), open()
	old := off.IDs()[0]
	if taken, err := on.Adopt(off.Ring()); taken || err != nil {
		t.Fatalf("a ring that is not newer was taken: %t, %v", taken, err)
	}
	if err := on.Use(on.IDs()[0], 5); err != nil {
		t.Fatal(err)
	}
	if err := on.Use(on.IDs()[0], 4); err == nil {
		t.Error("an older generation was taken into use")
	}
	if taken, err := on.Adopt(off.Ring()); taken || err != nil {
		t.Errorf("an older ring was taken: %t, %v", taken, err)
	}
	if taken, err := off.Adopt(on.Ring()); !taken || err != nil {
		t.Fatalf("a newer ring was not taken: %t, %v", taken, err)
	}
	if got := off.IDs(); !slices.Equal(got, on.IDs()) || slices.Contains(got, old) {
		t.Errorf("the ring taken over is %v", got)
	}
	again, err := OpenGossipKeys(off.path)
	if err != nil || again.Ring().Generation != 5 || !slices.Equal(again.IDs(), on.IDs()) {
		t.Errorf("after a new start: %v, %v", again.IDs(), err)
	}
	if _, err := off.Adopt(GossipRing{Generation: 9, Keys: [][]byte{{1}}}); err == nil {
		t.Error("a broken ring was taken")
	}
}
