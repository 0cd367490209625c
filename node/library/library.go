// Package library is the built-in library for services: XML, CSV, JSON tools,
// encodings, hashes, decimals, dates, templates.
//
// It offers Ops, the table of operations that engines put behind their host entry
// (DESIGN.md lists every operation with its arguments), and plain Go functions for Go
// services and channels; decimals and dates are in library/decimal and library/dates.
// Services are not trusted with the node's memory or time: every function bounds
// what it takes, does and gives.
//
// It keeps no state, opens nothing, reads no file but the time zones, and imports no
// package of this module outside its own folder.
package library

import (
	"context"

	"signalbox.internal/node/library/fault"
	"signalbox.internal/node/library/ordered"
	"signalbox.internal/node/library/xmlmap"
)

// Limits of an operation's arguments and result.
const (
	MaxArguments = 16 << 20 // bytes of JSON
	MaxResult    = 8 << 20  // bytes of JSON
)

// Error is what every function of the library answers when it refuses.
type Error = fault.Error

// Object is a JSON object that keeps the order of its keys.
type Object = ordered.Object

// XMLOptions say how ParseXML and XPath map a document.
type XMLOptions = xmlmap.ParseOptions

// XMLFormat says how FormatXML writes a value.
type XMLFormat = xmlmap.FormatOptions

// ParseXML maps an XML document to an object with one key, the root element; see
// xmlmap.Parse.
func ParseXML(doc []byte, o XMLOptions) (*Object, error) { return xmlmap.Parse(doc, o) }

// FormatXML writes a value as XML, the way back of ParseXML; see xmlmap.Format.
func FormatXML(v any, o XMLFormat) ([]byte, error) { return xmlmap.Format(v, o) }

// XPath evaluates an XPath 1.0 expression on a document; see xmlmap.XPath.
func XPath(ctx context.Context, doc []byte, expr string, o XMLOptions) (any, error) {
	return xmlmap.XPath(ctx, doc, expr, o)
}

// CheckDepth refuses JSON nested deeper than limit levels (200 when it is zero),
// without allocating; see ordered.CheckDepth.
func CheckDepth(json []byte, limit int) error { return ordered.CheckDepth(json, limit) }

// DecodeJSON reads one JSON value and keeps the order of keys; see ordered.Decode.
func DecodeJSON(json []byte) (any, error) { return ordered.Decode(json) }
