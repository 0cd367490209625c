//go:build testkind

package odb

import "strings"

// testKinds returns a kind that no product has: the test of the user interface builds
// a node with it and finds its screens, which have no code of their own.
func testKinds() []Kind {
	return []Kind{{"beacon", "Beacon", "A light on the coast; there to prove that a kind needs nothing but its schema.", func() Spec { return new(beaconSpec) }, false, false}}
}

// beaconSpec has a field of every type.
type beaconSpec struct {
	Mode    string            `json:"mode" title:"Mode" help:"What it sends." enum:"lamp,radio" default:"lamp"`
	Enabled bool              `json:"enabled" title:"Enabled" help:"Whether it sends." default:"true"`
	Height  int               `json:"height" title:"Height" help:"In metres above the sea." min:"1" max:"90" required:"true"`
	Every   Duration          `json:"every" title:"Every" help:"From flash to flash." default:"5s" when:"mode=lamp"`
	Memory  Size              `json:"memory" title:"Memory" help:"Of its log." default:"1MiB"`
	Token   Secret            `json:"token" title:"Token" help:"Opens the transmitter." when:"mode=radio" required:"true"`
	Keeper  string            `json:"keeper" title:"Keeper" help:"The connection that reaches its keeper." ref:"outgoing"`
	Watched []string          `json:"watched" title:"Watched by" help:"Services that look at it." ref:"service"`
	Lens    beaconLens        `json:"lens" title:"Lens" help:"What is before the lamp."`
	Sectors []beaconSector    `json:"sectors" title:"Sectors" help:"Colours by direction."`
	Labels  map[string]string `json:"labels" title:"Labels" help:"Free words."`
	Notes   string            `json:"notes" title:"Notes" help:"For people." multiline:"true"`
}

type beaconLens struct {
	Order int  `json:"order" title:"Order" help:"Its size class." default:"3" min:"1" max:"6"`
	Fixed bool `json:"fixed" title:"Fixed" help:"It does not turn."`
}

type beaconSector struct {
	From   int    `json:"from" title:"From" help:"In degrees." min:"0" max:"359"`
	To     int    `json:"to" title:"To" help:"In degrees." min:"0" max:"359"`
	Colour string `json:"colour" title:"Colour" help:"What is seen there." enum:"white,red,green" default:"white"`
}

// Validate knows what tags cannot say.
func (s *beaconSpec) Validate() Faults {
	var f Faults
	if strings.Contains(s.Notes, "kraken") {
		f.Add("/notes", "nobody believes in a kraken")
	}
	return f
}
