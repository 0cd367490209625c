//go:build unix

package nodetest

import "syscall"

// Freeze stops the box's time.
func (b *Box) Freeze() {
	b.down()
	if err := b.Signal(syscall.SIGSTOP); err != nil {
		b.fleet.T.Fatalf("freeze %s: %v", b.Name, err)
	}
}

// Thaw lets it go on.
func (b *Box) Thaw() {
	if err := b.Signal(syscall.SIGCONT); err != nil {
		b.fleet.T.Fatalf("thaw %s: %v", b.Name, err)
	}
	b.age.Add(1)
}
