package quickjs

import (
	"context"

	"signalbox.internal/node/service"
)

// Checked is what a package would be.
type Checked struct {
	Services []CheckedService
	Warnings []Message
}

// CheckedService is one service of a package, and where it is declared.
type CheckedService struct {
	service.Spec
	File         string
	Line, Column int
	Uses         []service.Use
}

// Check builds a package and runs its top level as Load does, and keeps nothing of
// it. A package that cannot be served is a [*BuildError].
func (e *Engine) Check(ctx context.Context, src Source) (Checked, error) {
	m, err := e.build(ctx, src)
	if err != nil {
		return Checked{}, err
	}
	out := Checked{Warnings: m.warnings}
	for _, s := range m.services {
		d := s.(*deployed) //nolint:forcetypeassert,errcheck // build makes no others
		out.Services = append(out.Services, CheckedService{
			Spec: d.spec, File: d.place.File, Line: d.place.Line, Column: d.place.Column, Uses: m.Uses(d.spec.Name),
		})
	}
	return out, nil
}
