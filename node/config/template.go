package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const templateHead = `# Settings of this Signalbox node: what one box has for itself. All that a cluster
# shares (channels, services, connections, credentials) is in its database.
#
# A flag wins over an environment variable, that over this file, that over the
# default. A line that starts with # is not set and shows the default. The
# commands "signalbox config check" and "signalbox config print" read this file.
`

// Template returns a settings file that explains every setting. Those in values
// (by key) are set, all others are commented out at their default. A value that
// would not be accepted is an error.
func Template(values map[string]string) ([]byte, error) {
	var b strings.Builder
	var faults []error
	b.WriteString(templateHead)
	for key := range values {
		if !known(key) {
			faults = append(faults, fmt.Errorf("there is no setting %q%s", key, didYouMean(key)))
		}
	}
	for _, s := range settings() {
		field := s.field(&Config{})
		text, set := values[s.key]
		if !set {
			text = s.fallback()
		}
		if err := field.set(text); err != nil {
			faults = append(faults, fmt.Errorf("%s %w", s.key, err))
			continue
		}
		fmt.Fprintf(&b, "\n# %s Environment: %s\n", s.help, s.env())
		if !set {
			b.WriteString("# ")
		}
		fmt.Fprintf(&b, "%s = %s\n", s.key, tomlLiteral(field))
	}
	return []byte(b.String()), errors.Join(faults...)
}

func tomlLiteral(v value) string {
	switch v.(type) {
	case boolValue, intValue:
		return v.String()
	}
	return quote(v.String())
}

// quote writes a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04s", strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// WriteTemplate writes [Template] of values to DIR/node.toml, readable by its
// owner only, whole or not at all. It makes no folder and replaces no file: one
// that is there is an error for which errors.Is(err, fs.ErrExist) holds. Only one
// process at a time may call it for a folder.
func WriteTemplate(dir string, values map[string]string) error {
	text, err := Template(values)
	if err != nil {
		return fmt.Errorf("make settings: %w", err)
	}
	path := filepath.Join(dir, FileName)
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("write settings %s: %w", path, fs.ErrExist)
	}
	return writeFile(dir, text)
}
