package odb

import (
	"bytes"
	"encoding/json"
	"slices"
)

// PlanInput is what a plan is made from.
type PlanInput struct {
	Current   *Snapshot  // the configuration as it is
	Documents []Document // the configuration as it shall be
	Prune     bool       // delete definitions of the documents' kinds that no document has
	// Seal replaces the secrets in clear of spec by references; current is the
	// spec as it is, or nil. Nil Seal leaves secrets alone.
	Seal func(kind, name string, spec, current Spec) error
}

// PlannedChange is a change with what it changes, field by field.
type PlannedChange struct {
	Change
	Diff []FieldDiff `json:"diff"`
}

// NewPlan compares documents with the current configuration and returns the
// changes that lead from one to the other: creates and updates in the order of
// kinds, then deletes in the opposite order. All faults of all documents are
// reported at once.
func NewPlan(in PlanInput) ([]PlannedChange, error) {
	p := planner{in: in, wanted: map[string]Document{}}
	for _, doc := range in.Documents {
		p.add(doc)
	}
	if err := p.faults.Err("plan", ""); err != nil {
		return nil, err
	}
	order := KindNames()
	slices.SortStableFunc(p.changes, func(a, b PlannedChange) int {
		return slices.Index(order, a.Kind) - slices.Index(order, b.Kind)
	})
	if in.Prune {
		p.prune()
	}
	return p.changes, nil
}

type planner struct {
	in      PlanInput
	wanted  map[string]Document
	changes []PlannedChange
	faults  Faults
}

func (p *planner) add(doc Document) {
	doc.Name = CleanName(doc.Name)
	key := doc.Kind + "/" + doc.Name
	place := key
	if doc.From != "" {
		place = doc.From + " (" + key + ")"
	}
	if _, ok := KindNamed(doc.Kind); !ok {
		p.faults.Add("", "%s: there is no kind %q%s", place, doc.Kind, didYouMean(doc.Kind, KindNames()))
		return
	}
	if err := CheckName(doc.Name); err != nil {
		p.faults.Add("", "%s: %v", place, err)
		return
	}
	if other, twice := p.wanted[key]; twice {
		p.faults.Add("", "%s: the same definition is also in %s", place, other.From)
		return
	}
	p.wanted[key] = doc
	spec, err := Decode(doc.Kind, doc.Spec)
	if err != nil {
		p.fault(place, err)
		return
	}
	current, _ := Find[Spec](p.in.Current, doc.Kind, doc.Name)
	if p.in.Seal != nil {
		if err := p.in.Seal(doc.Kind, doc.Name, spec, current); err != nil {
			p.fault(place, err)
			return
		}
	}
	after, err := Encode(spec)
	if err != nil {
		p.fault(place, err)
		return
	}
	p.compare(doc, after)
}

func (p *planner) fault(place string, err error) {
	if e, ok := err.(*Error); ok && len(e.Faults) > 0 { //nolint:errorlint // Decode returns it bare
		for _, f := range e.Faults {
			p.faults.Add(f.Pointer, "%s: %s", place, f.Message)
		}
		return
	}
	p.faults.Add("", "%s: %v", place, err)
}

func (p *planner) compare(doc Document, after json.RawMessage) {
	change := Change{Op: Create, Kind: doc.Kind, Name: doc.Name, Spec: after}
	var before json.RawMessage
	if def, ok := p.in.Current.Get(doc.Kind, doc.Name); ok {
		if bytes.Equal(def.Spec, after) {
			return
		}
		change.Op, change.Base, before = Update, def.Version, def.Spec
	}
	p.changes = append(p.changes, PlannedChange{Change: change, Diff: Diff(before, after)})
}

// prune adds the deletes: of kinds that the documents speak of, what they leave out.
func (p *planner) prune() {
	kinds := map[string]bool{}
	for _, doc := range p.wanted {
		kinds[doc.Kind] = true
	}
	for _, d := range slices.Backward(p.in.Current.List("")) {
		if _, keep := p.wanted[d.Key()]; !keep && kinds[d.Kind] {
			p.changes = append(p.changes, PlannedChange{
				Change: Change{Op: Delete, Kind: d.Kind, Name: d.Name, Base: d.Version},
				Diff:   Diff(d.Spec, nil),
			})
		}
	}
}

// Changes returns the bare changes of a plan.
func Changes(plan []PlannedChange) []Change {
	out := make([]Change, len(plan))
	for i, p := range plan {
		out[i] = p.Change
	}
	return out
}
