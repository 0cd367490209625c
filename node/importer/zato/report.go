package zato

import (
	"signalbox.internal/odb"
)

// Outcome says what became of an object.
type Outcome string

// What may become of an object.
const (
	Taken   Outcome = "taken"   // it is here as it was
	Changed Outcome = "changed" // it is here, and its notes say what is different
	Left    Outcome = "left"    // it is not here, and Reason says why
)

// Object is one object of the files in the report.
type Object struct {
	Type    string  `json:"type"`             // the section, and the type of a credential
	Name    string  `json:"name"`             // as in the file
	Place   string  `json:"place"`            // file and line
	Outcome Outcome `json:"outcome"`          // what became of it
	Kind    string  `json:"kind,omitempty"`   // of the definition; empty when it is left, or part of others
	As      string  `json:"as,omitempty"`     // name of the definition
	Notes   []Note  `json:"notes,omitempty"`  // what is different, by attribute
	Reason  string  `json:"reason,omitempty"` // why it was left
	Remedy  string  `json:"remedy,omitempty"` // what to do about it; empty when there is nothing
}

// Note tells one difference of a changed object.
type Note struct {
	Attribute string `json:"attribute,omitempty"` // of the file; empty for the whole object
	Text      string `json:"text"`
}

// Variable is an environment variable that every node needs, because a definition
// takes a secret from it.
type Variable struct {
	Name  string `json:"variable"`
	Kind  string `json:"kind"`
	As    string `json:"name"`
	Field string `json:"field"`
	Why   string `json:"why"`
}

// Counts counts objects by outcome.
type Counts struct {
	Objects int `json:"objects"`
	Taken   int `json:"taken"`
	Changed int `json:"changed"`
	Left    int `json:"left"`
}

// Report tells what became of every object of the input. It has no secret in it.
type Report struct {
	Objects   []Object   `json:"objects"`
	Counts    Counts     `json:"counts"`
	Variables []Variable `json:"variables"`
	Notes     []string   `json:"notes"` // what holds for several objects
}

// Result is a conversion: the report and the definitions.
type Result struct {
	Report    Report
	Documents []odb.Document // a secret may be in clear, unless Config.References
}

// Definitions returns the documents as [odb.FormatDocuments] wants them. It works
// only on a result without secrets in clear.
func (r Result) Definitions() ([]odb.Definition, error) {
	out := make([]odb.Definition, len(r.Documents))
	for i, doc := range r.Documents {
		spec, err := odb.Decode(doc.Kind, doc.Spec)
		if err != nil {
			return nil, err
		}
		raw, err := odb.Encode(spec)
		if err != nil {
			return nil, odb.Errorf(odb.Internal, "write", doc.Kind+"/"+doc.Name, "%w", err)
		}
		out[i] = odb.Definition{Kind: doc.Kind, Name: doc.Name, Spec: raw}
	}
	return out, nil
}
