package config

import (
	"fmt"
	"slices"
	"strings"

	"signalbox.internal/odb"
)

func known(key string) bool {
	return slices.ContainsFunc(settings(), func(s setting) bool { return s.key == key })
}

// didYouMean suggests the known key nearest to key, or lists all.
func didYouMean(key string) string {
	var keys []string
	for _, s := range settings() {
		keys = append(keys, s.key)
	}
	if near := odb.Nearest(key, keys); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; the settings are " + strings.Join(keys, ", ")
}
