package zato

import (
	"regexp"
	"slices"
	"strings"
)

// channelAttributes says what becomes of the attributes of REST channels.
func channelAttributes() []attribute {
	return slices.Concat(
		mapped("service", "service", "service_name"),
		mapped("path", "url_path"),
		mapped("method", "method"),
		mapped("security", "security", "security_name", "sec_def", "sec_name", "security_groups", "groups", "security_groups_names"),
		mapped("body", "data_format"),
		mapped("headers", "content_type"),
		mapped("timeout", "timeout"),
		mapped("params", "merge_url_params_req"),
		mapped("path", "match_slash"),
		mapped("rate_limit, allow_ips", "rate_limiting", "rate_limit_def", "is_rate_limit_active"),
		barred(func(v any) bool { return scalarText(v) == byRBAC }, "roles decide who may call it, and there are none here", "security_id"),
		barred(isTrue, "roles decide who may call it, and there are none here", "has_rbac", "sec_use_rbac"),
		barred(isSet, "it calls a service that the caller chooses, from a list", "service_whitelist", "gateway_service_list"),
		noted(not("channel-params-over-msg"), "parameters of the path win over the body here", "params_pri"),
		noted(not("*/*"), "the Accept header does not choose the channel here", "http_accept"),
		noted(isSet, "answers are not compressed by the channel", "content_encoding"),
		noted(not("utf-8", "utf8"), "answers are in UTF-8; requests in what their Content-Type says", "data_encoding"),
		noted(isSet, "answers are not cached", "cache_id", "cache_name", "response_cache"),
		noted(isSet, "the service must take it from the body", "json_path"),
		noted(isTrue, "messages are not kept", "is_audit_log_received_active", "is_audit_log_sent_active", "audit_enabled"),
		noted(isTrue, "answers have no headers that say so", "is_deprecated"),
		harmless("goes with another attribute", "cache_type", "cache_expiry", "deprecation_sunset", "deprecation_successor", "rate_limit_type",
			"rate_limit_check_parent_def", "max_len_messages_received", "max_len_messages_sent", "max_bytes_per_message_received", "max_bytes_per_message_sent",
			"audit_back_log", "audit_max_payload", "audit_repl_patt_type", "service_id", "sec_type", "security_group_count", "security_group_member_count"),
		harmless("the path wins over the query here; said once for all", "url_params_pri"),
		harmless("on by default in 4.x; the statistics and the log are always on", "is_audit_log_active"),
		harmless("of the documents that Zato makes", "should_include_in_openapi"),
		harmless("of outgoing or SOAP connections, which Zato keeps in the same table", "connection", "transport", "host", "ping_method", "pool_size",
			"soap_action", "soap_version", "serialization_type", "sec_tls_ca_cert_id", "sec_tls_ca_cert_name", "hl7_version", "is_wrapper", "wrapper_type", "username", "password",
			"validate_tls", "tls_verify", "should_parse_on_input", "should_validate", "should_return_errors"),
	)
}

// channel makes a channel.
func (c *converter) channel(j *job) {
	j.path()
	j.method()
	j.format()
	if merge, ok := truth(j.o.attrs["merge_url_params_req"]); ok && !merge {
		j.set("params", "separate")
	}
	if v := j.o.attrs["timeout"]; isSet(v) && !j.o.old() { // older exports have the default of outgoing connections here
		if d, ok := seconds(v); ok {
			j.set("timeout", d)
		} else {
			j.note("timeout", "it is no number of seconds; the usual timeout holds")
		}
	}
	j.limits()
	c.service(j)
	c.callers(j)
}

var (
	lastParam = regexp.MustCompile(`\{[^{}]*\}`)
	badParam  = regexp.MustCompile(`[^A-Za-z0-9_]`)
)

// path takes the path with parameters whose names are good here.
func (j *job) path() {
	path := j.text("url_path")
	if path == "" {
		j.leave("give it one", "it has no url_path")
		return
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
		j.note("url_path", "it begins with a slash here")
	}
	renamed := false
	path = lastParam.ReplaceAllStringFunc(path, func(m string) string {
		name := badParam.ReplaceAllString(m[1:len(m)-1], "_")
		if name != "" && name[0] >= '0' && name[0] <= '9' {
			name = "_" + name
		}
		renamed = renamed || "{"+name+"}" != m
		return "{" + name + "}"
	})
	if renamed {
		j.note("url_path", "parameters have letters, digits and _ in their names here; services see %s", path)
	}
	j.set("path", path)
	// On by default in 3.x and 4.x, so only who says it outright is told.
	if slash, _ := truth(j.o.attrs["match_slash"]); slash && strings.Contains(path, "{") {
		j.note("match_slash", "a parameter takes one segment here; {name...} as the last one takes slashes too")
	}
}

func (j *job) method() {
	switch method := strings.ToUpper(j.text("method")); method {
	case "", "*", "ANY":
		j.set("method", "ANY")
	default:
		j.set("method", method)
	}
}

// format sets what bodies are and what answers are.
func (j *job) format() {
	format := strings.ToLower(j.text("data_format"))
	if _, given := j.o.attrs["data_format"]; !given && !j.o.old() {
		format = "json" // the default since 3.2
	}
	switch format {
	case "json", "csv":
		j.set("body", format)
	case "xml":
		j.set("body", "xml")
		j.set("answer", "xml")
	case "form", "form-data", "post":
		j.set("body", "form")
	case "", "none", "dict", "raw":
		j.set("body", "auto")
		j.note("data_format", "there is none: Zato hands the body over as it is; here JSON, XML, forms and CSV are taken apart; body=text hands a text over")
	default:
		j.set("body", "text")
		j.note("data_format", "there is no such format here; the service gets the body as a text")
	}
	if t := j.text("content_type"); t != "" && !slices.Contains([]string{"application/json", "application/xml", "text/xml"}, strings.ToLower(t)) {
		j.set("headers", map[string]string{"Content-Type": t})
	}
}

// service names the service that the channel calls.
func (c *converter) service(j *job) {
	theirs := j.text("service", "service_name")
	if theirs == "" {
		j.leave("give it one", "it has no service")
		return
	}
	name, mapped := c.cfg.Services[theirs]
	if !mapped {
		name = theirs
	}
	c.used[theirs] = true
	switch {
	case c.exists("service", name):
		j.set("service", name)
		if name != theirs {
			j.note("service", "it calls %s in place of %s", name, shownName(theirs))
		}
	case c.cfg.Placeholder != "":
		j.set("service", c.cfg.Placeholder)
		j.note("service", "it calls the placeholder %s; when %s is deployed: signalbox set channel %s service=%s", c.cfg.Placeholder, shownName(name), quote(j.as), quote(shownName(name)))
	case mapped:
		j.leave("deploy it, or map to another one", "its service %s was mapped to %s, which is not in the cluster", shownName(theirs), shownName(name))
	default:
		j.leave("deploy a service of that name, or map it to another with --map "+quote(shownName(theirs))+"=SERVICE, or give --placeholder SERVICE; then import again",
			"its service %s is not in the cluster", shownName(theirs))
	}
}

// callers names the credentials that open the channel. A channel is never made
// with less protection than it had.
func (c *converter) callers(j *job) {
	name := j.text("security", "security_name", "sec_def", "sec_name")
	var groups []string
	for _, attr := range []string{"groups", "security_groups", "security_groups_names"} {
		groups = append(groups, texts(j.o.attrs[attr])...)
	}
	switch {
	case name == byRBAC:
		j.leave("name the credentials that may call it in security and import again", "roles decide who may call it, and there are none here")
	case !noSecurity(name) && len(groups) > 0:
		j.leave("name the credentials that may call it in one of them and import again", "it demands a credential and besides one of a group; here any one of those named opens a channel")
	case !noSecurity(name):
		if as := c.demanded(j, name); as != "" {
			j.set("security", []string{as})
		}
	case len(groups) > 0:
		c.grouped(j, groups)
	}
}

// demanded returns our name of a credential, or leaves the object.
func (c *converter) demanded(j *job, name string) string {
	s := c.find(familySecurity, name)
	switch {
	case s == nil && c.credential(name) != "":
		return c.credential(name)
	case s == nil:
		j.leave("add it to the files, or make it here, and import again", "its credential %s is neither in the files nor here", shownName(name))
		return ""
	case s.left():
		j.leave("make a credential of another type here, name it in the file and import again", "its credential %s was left out: %s", shownName(name), s.reason)
		return ""
	}
	return s.as
}

// grouped names the members of groups.
func (c *converter) grouped(j *job, groups []string) {
	var members []string
	for _, name := range groups {
		g := c.find(familyGroup, name)
		if g == nil || g.left() {
			j.note("groups", "the group %s is not there; its members do not open the channel", shownName(name))
			continue
		}
		for _, m := range g.members {
			if !slices.Contains(members, m.as) {
				members = append(members, m.as)
			}
		}
	}
	if len(members) == 0 {
		j.leave("", "none of its groups has a member here, and without a credential everybody could call it")
		return
	}
	j.set("security", members)
}
