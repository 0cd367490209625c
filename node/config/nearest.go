package config

import (
	"fmt"
	"slices"
	"strings"
)

func known(key string) bool {
	return slices.ContainsFunc(settings(), func(s setting) bool { return s.key == key })
}

// didYouMean suggests the known key nearest to key, or lists all.
func didYouMean(key string) string {
	var keys []string
	best, limit := "", max(2, len(key)/3)+1
	for _, s := range settings() {
		keys = append(keys, s.key)
		if d := editDistance(key, s.key); d < limit {
			best, limit = s.key, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; the settings are " + strings.Join(keys, ", ")
}

// editDistance counts the single-character edits from a to b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
