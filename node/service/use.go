package service

import "slices"

// Kinds of what a service uses; an outgoing connection is named by its type.
const (
	UseService = "service"
	UseHTTP    = "http"
	UseSQL     = "sql"
)

// Use is a place in a service's code where it calls another service or an outgoing
// connection. Name is empty when the code makes it up as it runs.
type Use struct {
	Kind   string // one of UseService, UseHTTP, UseSQL
	Name   string
	File   string // of the package; empty when it is not known
	Line   int    // from 1; 0 when it is not known
	Column int
}

// Caller is a [Module] that can tell what its services use.
type Caller interface {
	// Uses lists what the code of a service names, in the order of the code.
	Uses(service string) []Use
}

// Uses returns what a service of the current table uses; false when there is no
// such service, or when its code does not tell.
func (r *Registry) Uses(name string) ([]Use, bool) {
	e, ok := r.cur.Load().services[name]
	if !ok {
		return nil, false
	}
	c, ok := e.module.(Caller)
	if !ok {
		return nil, false
	}
	return c.Uses(name), true
}

// Callers returns the services of the current table whose code names a service,
// with the places, by their own names.
func (r *Registry) Callers(name string) map[string][]Use {
	out := map[string][]Use{}
	for caller, e := range r.cur.Load().services {
		c, ok := e.module.(Caller)
		if !ok {
			continue
		}
		named := slices.DeleteFunc(c.Uses(caller), func(u Use) bool { return u.Kind != UseService || u.Name != name })
		if len(named) > 0 {
			out[caller] = named
		}
	}
	return out
}
