package deploy

import (
	"errors"
	"slices"
)

// joinBuildErrors joins what went wrong: build errors of several packages keep
// their messages, any other error comes first.
func joinBuildErrors(errs []error) error {
	var others, builds []error
	for _, err := range errs {
		if err == nil {
			continue
		}
		if _, ok := errors.AsType[*BuildError](err); ok {
			builds = append(builds, err)
		} else {
			others = append(others, err)
		}
	}
	all := slices.Concat(others, builds)
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// BuildErrors returns every [*BuildError] inside err, one a package.
func BuildErrors(err error) []*BuildError {
	if b, ok := err.(*BuildError); ok { //nolint:errorlint // the tree is walked here
		return []*BuildError{b}
	}
	var out []*BuildError
	switch e := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() error }:
		out = BuildErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = append(out, BuildErrors(inner)...)
		}
	}
	return out
}
