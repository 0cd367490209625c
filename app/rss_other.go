//go:build !linux

package app

// residentBytes returns how much of this process is in RAM; 0: it cannot be told.
func residentBytes() int64 { return 0 }
