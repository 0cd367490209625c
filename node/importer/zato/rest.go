package zato

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// restAttributes says what becomes of the attributes of outgoing REST connections.
func restAttributes() []attribute {
	return slices.Concat(
		mapped("url", "host", "url_path"),
		mapped("security", "security", "security_name", "sec_def", "sec_name"),
		mapped("timeout", "timeout"),
		mapped("headers", "content_type", "content_encoding"),
		mapped("tls.skip_verify", "tls_verify", "validate_tls"),
		mapped("retries", "max_retries"),
		mapped("ping_method", "ping_method"),
		noted(isSet, "the CA certificate or client certificate is not carried over: set tls.ca, or tls.cert and tls.key", "sec_tls_ca_cert_id", "sec_tls_ca_cert_name", "tls_client_cert", "tls_client_key"),
		noted(not("utf-8", "utf8"), "texts are sent in UTF-8", "data_encoding"),
		noted(isSet, "a service makes the request; nothing is called on a schedule", "request_method", "request_query_string", "request_path_params",
			"request_headers", "request_data", "response_map", "callback_type", "callback_name", "run_every", "health_check_run_every", "health_check_callback_name"),
		noted(isTrue, "calls are not queued", "use_queue", "use_dlq"),
		noted(isTrue, "messages are not kept", "is_audit_log_received_active", "is_audit_log_sent_active", "audit_enabled"),
		noted(isSet, "it is not carried over: set the credential's own fields", "username", "password"),
		harmless("goes with another attribute", "request_data_mode", "response_map_mode", "run_unit", "start_date", "health_check_run_unit", "health_check_notify_on",
			"health_check_callback_type", "dlq_action", "dlq_retries", "dlq_retry_interval", "dlq_forward_to", "dlq_keep_header", "retry_sleep_time",
			"retry_backoff_threshold", "retry_backoff_multiplier", "max_len_messages_received", "max_len_messages_sent", "max_bytes_per_message_received",
			"max_bytes_per_message_sent", "audit_back_log", "audit_max_payload", "audit_repl_patt_type", "sec_type", "security_id", "rate_limit_def", "rate_limit_type", "rate_limit_check_parent_def"),
		harmless("a service chooses it with each call", "method", "data_format", "serialization_type", "hl7_version"),
		harmless("connections are opened as they are needed", "pool_size"),
		harmless("on by default in 4.x; the statistics and the log are always on", "is_audit_log_active"),
		harmless("of channels or SOAP connections, which Zato keeps in the same table", "connection", "transport", "soap_action", "soap_version", "service",
			"service_id", "service_name", "merge_url_params_req", "url_params_pri", "params_pri", "has_rbac", "sec_use_rbac", "cache_id", "cache_name", "cache_type",
			"cache_expiry", "http_accept", "match_slash", "is_rate_limit_active", "is_wrapper", "wrapper_type", "json_path", "security_groups"),
	)
}

// rest makes an outgoing connection of type http.
func (c *converter) rest(j *job) {
	j.set("type", "http")
	j.address()
	if v := j.o.attrs["timeout"]; isSet(v) {
		if d, ok := seconds(v); ok {
			j.set("timeout", d)
		} else {
			j.note("timeout", "it is no number of seconds; the usual timeout holds")
		}
	}
	headers := map[string]string{}
	for attr, header := range map[string]string{"content_type": "Content-Type", "content_encoding": "Content-Encoding"} {
		if v := j.text(attr); v != "" {
			headers[header] = v
		}
	}
	if len(headers) > 0 {
		j.set("headers", headers)
	}
	for _, attr := range []string{"tls_verify", "validate_tls"} {
		if verify, ok := truth(j.o.attrs[attr]); ok && !verify {
			j.set("tls", map[string]any{"skip_verify": true})
		}
	}
	if n, ok := whole(j.o.attrs["max_retries"]); ok {
		j.set("retries", min(max(n, 0), 10))
		if n < 0 || n > 10 {
			j.note("max_retries", "at most 10 are made")
		}
	}
	switch method := strings.ToUpper(j.text("ping_method")); method {
	case "":
	case "HEAD", "GET", "OPTIONS":
		j.set("ping_method", method)
	default:
		j.note("ping_method", "health is looked at with HEAD, GET or OPTIONS only; HEAD is used")
	}
	c.presented(j)
	c.allow(j, hostOf(scalarText(j.spec["url"])))
}

// address joins host and path. What stands in it is never shown: there may be a
// password in it.
func (j *job) address() {
	host, path := strings.TrimRight(j.text("host"), "/"), j.text("url_path")
	switch {
	case host == "":
		j.leave("give it one", "it has no host")
		return
	case !strings.HasPrefix(host, "http://") && !strings.HasPrefix(host, "https://"):
		j.leave("write it as https://HOST and import again", "host does not begin with http:// or https://")
		return
	case strings.Contains(host, "@"):
		j.leave("put them into a credential of type basic_auth, name it in security and import again", "host has a user or a password in it")
		return
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if path == "/" {
		path = ""
	}
	renamed := false
	address := lastParam.ReplaceAllStringFunc(host+path, func(m string) string {
		name := badParam.ReplaceAllString(m[1:len(m)-1], "_")
		renamed = renamed || "{"+name+"}" != m
		return "{" + name + "}"
	})
	if renamed {
		j.note("url_path", "parameters have letters, digits and _ in their names here")
	}
	if _, query, ok := strings.Cut(address, "?"); ok && query != "" {
		j.leave("send the query with each call, or set query on the connection made by hand", "its address has a query in it")
		return
	}
	j.set("url", address)
}

// presented names the credential that the connection presents.
func (c *converter) presented(j *job) {
	name := j.text("security", "security_name", "sec_def", "sec_name")
	if noSecurity(name) || name == byRBAC {
		return
	}
	as := c.demanded(j, name)
	if as == "" {
		return
	}
	if s := c.find(familySecurity, name); s != nil && s.spec["type"] == "jwt" {
		j.leave("let a service fetch the token and send it", "its credential %s checks tokens here, but does not fetch any", shownName(name))
		return
	}
	j.set("security", as)
}

// hostOf returns the host of an address; empty when there is none.
func hostOf(address string) string {
	u, err := url.Parse(lastParam.ReplaceAllString(address, "x"))
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// allow lets a connection reach what the user allows, and the private address that
// stands in it: whoever wrote it down meant it.
func (c *converter) allow(j *job, host string) {
	allow := slices.Clone(c.cfg.Allow)
	if host == "localhost" {
		allow = append(allow, "127.0.0.1", "::1")
		j.note("host", "connections refuse private addresses; this one may reach localhost")
	}
	if addr, err := netip.ParseAddr(host); err == nil && (addr.IsPrivate() || addr.IsLoopback()) {
		allow = append(allow, addr.String())
		j.note("host", "connections refuse private addresses; this one may reach %s", addr)
	}
	if len(allow) > 0 {
		j.set("allow", slices.Compact(allow))
	}
}
