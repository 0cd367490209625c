// Package supervise keeps programs running as processes of this box: one that
// dies is started again, one that asks for it at once, and all of them end with
// the process that started them, however that ends.
//
// It offers [Process]. It does not know what the programs do, restarts nothing
// that is only slow, and imports nothing of ours.
package supervise
