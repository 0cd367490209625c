package zato

import (
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/odb"
)

// everybody are the networks that have all addresses in them.
func everybody(network string) bool {
	return slices.Contains([]string{"", "*", "0.0.0.0/0", "::/0"}, network)
}

// limitRule is one rule of a rate limit, in either form of Zato's.
type limitRule struct {
	networks []string // none: everybody
	requests int64    // 0: no limit
	burst    int64
	per      string
	inexact  string // what of it cannot be said here
}

// limits makes rate limit and allowed addresses of a channel. Addresses that match
// no rule are refused by Zato, so the networks of the rules are never widened.
func (j *job) limits() {
	var rules []limitRule
	attr := "rate_limiting"
	switch active, said := truth(j.o.attrs["is_rate_limit_active"]); {
	case isSet(j.o.attrs[attr]):
		rules = j.rulesOfList(j.o.attrs[attr])
	case isSet(j.o.attrs["rate_limit_def"]) && (active || !said):
		attr = "rate_limit_def"
		rules = j.rulesOfText(scalarText(j.o.attrs[attr]))
	}
	if len(rules) == 0 || j.left() {
		return
	}
	if !slices.ContainsFunc(rules, func(r limitRule) bool { return len(r.networks) == 0 }) {
		var all []string
		for _, r := range rules {
			all = append(all, r.networks...)
		}
		j.set("allow_ips", all)
	}
	switch r := rules[0]; {
	case !slices.ContainsFunc(rules, func(r limitRule) bool { return r.requests > 0 }):
	case len(rules) > 1:
		j.note(attr, "networks with limits of their own cannot be told here; the channel has no limit")
		return
	case r.inexact != "":
		j.note(attr, "%s; the channel has no limit", r.inexact)
		return
	default:
		limit := map[string]any{"requests": r.requests, "per": r.per}
		if r.burst > 0 {
			limit["burst"] = r.burst
		}
		j.set("rate_limit", limit)
		j.note(attr, "the limit is counted per node, evenly over the time, and not from the full minute, hour or day")
	}
}

// rulesOfText reads the form of 3.x: a line of network=requests/unit each.
func (j *job) rulesOfText(text string) []limitRule {
	var out []limitRule
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		from, rate, ok := strings.Cut(line, "=")
		from, rate = strings.TrimSpace(from), strings.TrimSpace(rate)
		if !ok || !network(from) {
			j.leave("correct it and import again", "rate_limit_def: a line is not of the form NETWORK=REQUESTS/m, and it may be what keeps callers out")
			return nil
		}
		var r limitRule
		if !everybody(from) {
			r.networks = []string{from}
		}
		if !strings.HasPrefix(rate, "*") {
			n, unit, _ := strings.Cut(rate, "/")
			requests, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if r.per = units(strings.TrimSpace(unit)); err != nil || requests < 1 || r.per == "" {
				j.leave("correct it and import again", "rate_limit_def: a line is not of the form NETWORK=REQUESTS/m, and it may be what keeps callers out")
				return nil
			}
			r.requests = requests
		}
		out = append(out, r)
	}
	return out
}

// units is the length of a unit of time; empty when it is none.
func units(unit string) string {
	switch strings.ToLower(unit) {
	case "s", "second", "seconds":
		return "1s"
	case "m", "minute", "minutes":
		return "1m"
	case "h", "hour", "hours":
		return "1h"
	case "d", "day", "days":
		return "24h"
	case "month", "months":
		return "720h"
	}
	return ""
}

// network reports whether a text is a network, an address or everybody.
func network(text string) bool {
	if everybody(text) {
		return true
	}
	_, err := odb.ParsePrefix(text)
	return err == nil
}

// rulesOfList reads the form of 4.x: networks with ranges of time.
func (j *job) rulesOfList(v any) []limitRule {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []limitRule
	for _, x := range list {
		rule, _ := x.(map[string]any)
		ranges, _ := rule["time_range"].([]any)
		if rule == nil {
			j.leave("correct it and import again", "rate_limiting: a rule is no object")
			return nil
		}
		var r limitRule
		for _, n := range texts(rule["cidr_list"]) {
			if !network(n) {
				j.leave("correct it and import again", "rate_limiting: cidr_list has something that is no network")
				return nil
			}
			if everybody(n) {
				r.networks = nil
				break
			}
			r.networks = append(r.networks, n)
		}
		if !j.timeRange(&r, ranges) {
			return nil
		}
		out = append(out, r)
	}
	return out
}

// timeRange reads the limits of a rule.
func (j *job) timeRange(r *limitRule, ranges []any) bool {
	for _, x := range ranges {
		t, _ := x.(map[string]any)
		if isTrue(t["disallowed"]) && !isTrue(t["disabled"]) {
			j.leave("make the rule by hand", "rate_limiting: a rule refuses callers at some time, which a channel cannot say here")
			return false
		}
		if isTrue(t["disabled"]) {
			continue
		}
		number, ok := whole(t["limit"])
		burst, _ := whole(t["burst"])
		if rate, has := whole(t["rate"]); has && !ok {
			number, ok = rate, true
		}
		r.requests, r.burst = number, burst
		if r.per = units(orElse(scalarText(t["limit_unit"]), "second")); r.per == "" || !ok || len(ranges) > 1 {
			r.inexact = "limits that differ by the time of day, or have no number, cannot be told here"
			r.requests = max(r.requests, 1)
		}
	}
	return true
}
