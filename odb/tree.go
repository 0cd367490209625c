package odb

// ParseYAML reads one YAML document that is not ours: what JSON would give, with
// numbers as [json.Number]. It is bounded like [ParseDocuments] in size, parts and
// depth, and its errors tell the line and never quote the text. line is how many
// lines of the file stand before text. An empty document is nil.
func ParseYAML(text string, line int) (any, error) {
	return yamlPart{text: text, line: line}.read()
}

// ParseJSON reads the JSON values of a text that is not ours, with numbers as
// [json.Number]; a key that is there twice is an error, which tells the line.
func ParseJSON(text string) ([]any, error) { return readJSON(text) }
