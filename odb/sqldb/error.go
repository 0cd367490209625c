package sqldb

import (
	"context"
	"errors"

	"signalbox.internal/odb"
)

// typed makes an [odb.Error] about key of whatever went wrong; nil stays nil.
// An error that is typed already keeps its kind, its faults and its own words.
func (d *dialect) typed(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*odb.Error); ok { //nolint:errorlint // a wrapped one is below
		if e.Op != "" {
			return e
		}
		return &odb.Error{Op: op, Key: key, Kind: e.Kind, Faults: e.Faults, Err: e.Err}
	}
	if e, ok := errors.AsType[*odb.Error](err); ok {
		return &odb.Error{Op: op, Key: key, Kind: e.Kind, Faults: e.Faults, Err: err}
	}
	// A driver tells of a cancelled call in its own words.
	if cause := ctx.Err(); cause != nil {
		return &odb.Error{Op: op, Key: key, Kind: odb.Unavailable, Err: cause}
	}
	return &odb.Error{Op: op, Key: key, Kind: d.kindOf(err), Err: err}
}

func (d *dialect) kindOf(err error) odb.ErrorKind {
	switch d.classOf(err) {
	case classUnique, classInUse:
		return odb.Conflict
	case classRetry, classAway:
		return odb.Unavailable
	case classForeign, classText:
		return odb.Invalid
	case classOther:
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return odb.Unavailable
	}
	return odb.Internal
}

func (d *dialect) classOf(err error) class {
	if err == nil {
		return classOther
	}
	if _, ok := errors.AsType[*odb.Error](err); ok {
		return classOther // ours
	}
	return d.classify(err)
}
