package channel

import (
	"net/http"
	"strings"

	"signalbox.internal/node/problem"
)

// format is how an answer is written.
type format int

const (
	formatJSON format = iota
	formatXML
	formatTextXML // XML under the name text/xml
	formatNone    // the client takes none of them
)

// The settings of a channel's answer.
const (
	answerAuto = "auto"
	answerJSON = "json"
	answerXML  = "xml"
)

// negotiate chooses the format of the answer. A method that changes nothing runs
// even when none fits: its service may answer raw bytes of a type that does.
func (x *exchange) negotiate() *problem.Doc {
	x.format = choose(x.r.Header["Accept"], x.e.spec.Answer)
	if x.format == formatNone && x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		return x.notAcceptable()
	}
	return nil
}

func (x *exchange) notAcceptable() *problem.Doc {
	offered := "application/json and application/xml"
	switch x.e.spec.Answer {
	case answerJSON:
		offered = "application/json"
	case answerXML:
		offered = "application/xml"
	}
	return &problem.Doc{Status: http.StatusNotAcceptable, Code: codeAccept, Detail: "this channel answers " + offered + "; Accept takes none of it"}
}

// choose picks the format that the client likes best of those that the channel
// offers; of equals JSON goes first. Without Accept anything is taken.
func choose(accept []string, answer string) format {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == "" || accept[0] == "*/*") {
		if answer == answerXML {
			return formatXML
		}
		return formatJSON
	}
	if len(accept) == 1 && accept[0] == "application/json" && answer != answerXML {
		return formatJSON
	}
	best, bestQ := formatNone, 0
	for _, o := range [...]struct {
		format         format
		major, subtype string
	}{{formatJSON, "application", "json"}, {formatXML, "application", "xml"}, {formatTextXML, "text", "xml"}} {
		if answer == answerJSON && o.format != formatJSON || answer == answerXML && o.format == formatJSON {
			continue
		}
		if q := quality(accept, o.major, o.subtype); q > bestQ {
			best, bestQ = o.format, q
		}
	}
	return best
}

// quality returns how much the client likes a media type, in thousandths: what the
// most specific range that has it says, 0 when none has it.
func quality(accept []string, major, subtype string) int {
	q, exact := 0, 0
	for _, list := range accept {
		for item := range strings.SplitSeq(list, ",") {
			r, params, _ := strings.Cut(item, ";")
			m, s, ok := strings.Cut(strings.TrimSpace(r), "/")
			level := 0
			switch {
			case !ok:
			case strings.EqualFold(m, major) && strings.EqualFold(s, subtype):
				level = 3
			case strings.EqualFold(m, major) && s == "*":
				level = 2
			case m == "*" && s == "*":
				level = 1
			}
			if level == 0 || level < exact {
				continue
			}
			v, ok := weight(params)
			switch {
			case !ok:
			case level > exact:
				q, exact = v, level
			default:
				q = max(q, v)
			}
		}
	}
	return q
}

// weight reads the q of a media range's parameters, in thousandths; false when it
// is not a number from 0 to 1. Other parameters do not matter to us.
func weight(params string) (int, bool) {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		return thousandths(strings.TrimSpace(value))
	}
	return 1000, true
}

func thousandths(s string) (int, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole != "0" && whole != "1" || len(frac) > 3 {
		return 0, false
	}
	v := int(whole[0]-'0') * 1000
	for i, unit := 0, 100; i < len(frac); i, unit = i+1, unit/10 {
		if frac[i] < '0' || frac[i] > '9' {
			return 0, false
		}
		v += int(frac[i]-'0') * unit
	}
	return v, v <= 1000
}
