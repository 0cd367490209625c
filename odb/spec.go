package odb

import "slices"

// Spec is the content of a definition: one Go struct a kind. Its field tags say
// everything generic (see [Field]); Validate adds what tags cannot say.
type Spec interface {
	// Validate reports what is wrong beyond the tags, with pointers inside the spec.
	Validate() Faults
}

// Claimer is a spec that must not coexist with another of equal claim: two
// channels at one method and path, say. The database keeps claims unique.
type Claimer interface {
	// Claims returns texts of at most 400 characters, unique within the kind;
	// each ends the sentence "channel x already …".
	Claims() []string
}

// Kind describes one type of definition.
type Kind struct {
	Name  string      // "channel"
	Title string      // "Channel"
	Help  string      // one sentence for lists and help texts
	New   func() Spec // a pointer to a zero spec
	Fixed bool        // the name is written in code, so a definition cannot be renamed
	Pings bool        // a definition has a far side that can be asked how it is
}

// Kinds returns every kind in the order in which they are shown and applied:
// what is referenced comes before what refers.
func Kinds() []Kind {
	return append([]Kind{
		{"security", "Security", "A credential that a channel demands or an outgoing connection presents.", func() Spec { return new(SecuritySpec) }, false, false},
		{"service", "Service", "Named code that answers a request: where it comes from and how it may run.", func() Spec { return new(ServiceSpec) }, true, false},
		{"outgoing", "Outgoing", "A connection to another system that services use by its name.", func() Spec { return new(OutgoingSpec) }, false, true},
		{"channel", "Channel", "An inbound endpoint that calls a service.", func() Spec { return new(ChannelSpec) }, false, false},
		{"balancer", "Balancer", "How the traffic port of every node admits and hands on requests.", func() Spec { return new(BalancerSpec) }, false, false},
	}, testKinds()...)
}

// KindNamed finds a kind by its name.
func KindNamed(name string) (Kind, bool) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// KindNames returns the names of all kinds, in the order of [Kinds].
func KindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}
