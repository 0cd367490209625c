package stats

import (
	"math"
	"math/bits"
	"time"
)

// The histogram has eight buckets for each doubling, from 1 µs to 2^27 µs (134 s),
// so a quantile is at most 9 % too high. Histograms of equal buckets add up, which
// is what lets servers merge theirs.
const (
	perDoubling = 8
	doublings   = 27
	bucketCount = perDoubling*doublings + 1 // the last one takes all that is longer
)

// bucketOf returns the index of the bucket that took falls into.
func bucketOf(took time.Duration) int {
	us := uint64(max(0, took.Microseconds()))
	if us < perDoubling {
		return int(us)
	}
	exp := bits.Len64(us) - 1 // us is in [2^exp, 2^(exp+1))
	sub := (us >> (exp - 3)) & (perDoubling - 1)
	return min((exp-2)*perDoubling+int(sub), bucketCount-1) //nolint:gosec // sub is below 8
}

// upperBound returns the end of a bucket: everything in it is shorter.
func upperBound(i int) time.Duration {
	if i < perDoubling {
		return time.Duration(i+1) * time.Microsecond
	}
	exp, sub := i/perDoubling+2, i%perDoubling
	return time.Duration(uint64(perDoubling+sub+1)<<(exp-3)) * time.Microsecond //nolint:gosec // exp is below 30
}

// quantile returns the time that a share q of all counted ones did not pass.
func quantile(counts []int64, q float64) time.Duration {
	var total int64
	for _, n := range counts {
		total += n
	}
	rank := int64(math.Ceil(q * float64(total)))
	for i, n := range counts {
		if rank -= n; rank <= 0 && n > 0 {
			return upperBound(i)
		}
	}
	return 0
}
