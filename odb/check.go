package odb

import "time"

// The levels of a [Finding].
const (
	FindingOK      = "ok"
	FindingWarning = "warning" // it works, but not as well or as safely as it could
	FindingFault   = "fault"   // it does not work, or something was lost
)

// Finding is one thing that a check looked at.
type Finding struct {
	Check   string `json:"check" jsonschema:"what was looked at"`
	Level   string `json:"level" jsonschema:"ok, warning or fault"`
	Message string `json:"message" jsonschema:"what was found"`
	Do      string `json:"do,omitempty" jsonschema:"what to do about it"`
}

// TableCount is how many rows a table has.
type TableCount struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// CheckReport is what a check of an ODB found.
type CheckReport struct {
	Kind      string        `json:"kind" jsonschema:"sqlite, postgres, mysql or oracle"`
	Where     string        `json:"where" jsonschema:"file or host, without credentials"`
	Version   string        `json:"version,omitempty" jsonschema:"the database's own"`
	Schema    int           `json:"schema" jsonschema:"newest migration applied; 0: there are no tables yet"`
	Knows     int           `json:"knows" jsonschema:"newest migration that this program knows"`
	Revision  int64         `json:"revision"`
	Latency   time.Duration `json:"latency" jsonschema:"of one small query, in nanoseconds"`
	ClockAway time.Duration `json:"clock_away" jsonschema:"how far the database's clock is ahead of this box, in nanoseconds"`
	Tables    []TableCount  `json:"tables,omitempty"`
	Findings  []Finding     `json:"findings"`
}

// Add notes a finding.
func (r *CheckReport) Add(check, level, message, do string) {
	r.Findings = append(r.Findings, Finding{Check: check, Level: level, Message: message, Do: do})
}

// Worst returns the worst level of all findings.
func (r *CheckReport) Worst() string {
	worst := FindingOK
	for _, f := range r.Findings {
		if f.Level == FindingFault || f.Level == FindingWarning && worst == FindingOK {
			worst = f.Level
		}
	}
	return worst
}
