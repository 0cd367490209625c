package config

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds what is read as a settings file.
const maxFile = 1 << 20

// entry is one key of the file.
type entry struct {
	value any    // as TOML has it
	where string // "PATH:LINE"
}

// readFile reads the keys of a settings file with their places. A missing file
// has none. A key that does not exist is a fault.
func readFile(path string) (map[string]entry, []error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("it has %d bytes, at most %d are allowed", info.Size(), maxFile)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, []error{fmt.Errorf("read settings %s: %w", path, err)}
	}
	return parseFile(path, text)
}

func parseFile(path string, text []byte) (map[string]entry, []error) {
	values := map[string]any{}
	if err := toml.Unmarshal(text, &values); err != nil {
		return nil, []error{syntaxFault(path, err)}
	}
	entries := map[string]entry{}
	var faults []error
	for key, line := range lines(text) {
		where := fmt.Sprintf("%s:%d", path, line)
		value, flat := values[key]
		if !known(key) || !flat {
			faults = append(faults, fmt.Errorf("%s: there is no setting %q%s", where, key, didYouMean(key)))
			continue
		}
		entries[key] = entry{value, where}
	}
	return entries, faults
}

func syntaxFault(path string, err error) error {
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := d.Position()
		return fmt.Errorf("%s:%d:%d: %s\n%s", path, row, column, strings.TrimPrefix(d.Error(), "toml: "), d.String())
	}
	return fmt.Errorf("%s: %w", path, err)
}

// lines yields every key of the text with its line: the strict decoder names each
// key that its target does not have, and an empty target has none.
func lines(text []byte) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		var nothing struct{}
		err := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields().Decode(&nothing)
		strict, ok := errors.AsType[*toml.StrictMissingError](err)
		if !ok {
			return
		}
		for i := range strict.Errors {
			row, _ := strict.Errors[i].Position()
			if !yield(strings.Join(strict.Errors[i].Key(), "."), row) {
				return
			}
		}
	}
}

// tomlText turns a value of the file into the text that v reads, and refuses one
// of the wrong type.
func tomlText(v value, raw any) (string, error) {
	need := "a text in quotes"
	switch v.(type) {
	case boolValue:
		if b, ok := raw.(bool); ok {
			return fmt.Sprint(b), nil
		}
		need = "true or false without quotes"
	case intValue:
		if n, ok := raw.(int64); ok {
			return fmt.Sprint(n), nil
		}
		need = "a whole number without quotes"
	default:
		if s, ok := raw.(string); ok {
			return s, nil
		}
		if n, ok := raw.(int64); ok {
			if _, size := v.(sizeValue); size {
				return fmt.Sprint(n), nil
			}
		}
	}
	return "", fmt.Errorf("is %s; %s is needed", tomlType(raw), need)
}

func tomlType(raw any) string {
	switch raw := raw.(type) {
	case string:
		return fmt.Sprintf("the text %q", raw)
	case int64, float64:
		return fmt.Sprintf("the number %v", raw)
	case bool:
		return fmt.Sprint(raw)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	default:
		return "a time"
	}
}
