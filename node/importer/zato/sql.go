package zato

import (
	"net/url"
	"slices"
	"strings"
)

// sqlAttributes says what becomes of the attributes of outgoing SQL connections.
func sqlAttributes() []attribute {
	return slices.Concat(
		mapped("driver", "engine", "type"),
		mapped("host", "host"),
		mapped("port", "port"),
		mapped("database, options", "db_name"),
		mapped("username", "username"),
		mapped("password", "password"),
		mapped("max_open", "pool_size"),
		mapped("options, connect_timeout, max_lifetime", "extra"),
		mapped("options", "ssl", "ssl_verify"),
		noted(isSet, "certificates of SQL connections are those of the system", "ssl_ca_file", "ssl_cert_file", "ssl_key_file"),
		mapped("query_timeout", "timeout"),
		harmless("a name of the engine", "engine_display_name"),
		harmless("of how Zato stores the connection", "is_zato", "repeats"),
	)
}

// driverOf finds our driver for an engine of SQLAlchemy; empty when there is none.
func driverOf(engine string) string {
	engine, _, _ = strings.Cut(strings.ToLower(engine), "+")
	return map[string]string{
		"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql", "oracle": "oracle", "sqlite": "sqlite",
	}[engine]
}

// sql makes an outgoing connection of type sql.
func (c *converter) sql(j *job) {
	engine := j.text("engine", "type")
	driver := driverOf(engine)
	switch {
	case engine == "":
		j.leave("give it one", "it has no engine")
		return
	case driver == "":
		j.leave("", "there is no driver for %s here; there are PostgreSQL, MySQL, Oracle and SQLite", shownName(engine))
		return
	}
	j.set("type", "sql")
	j.set("driver", driver)
	options := map[string]string{}
	j.database(driver, options)
	j.tls(driver, options)
	j.extra(driver, options)
	if driver != "sqlite" {
		c.server(j)
	}
	if n, ok := whole(j.o.attrs["pool_size"]); ok && n > 0 {
		j.set("max_open", min(n, 1000))
		if n > 1000 {
			j.note("pool_size", "at most 1000 connections are opened")
		}
	} else if n, given := whole(j.o.attrs["pool_size"]); given && n == 0 {
		j.note("pool_size", "connections are always pooled; 10 are opened at most")
	}
	if d, ok := seconds(j.o.attrs["timeout"]); ok {
		j.set("query_timeout", d)
	}
	if len(options) > 0 {
		j.set("options", options)
	}
}

// server sets where the database is and who connects.
func (c *converter) server(j *job) {
	j.set("host", j.text("host"))
	if port, ok := whole(j.o.attrs["port"]); ok {
		j.set("port", port)
	} else if isSet(j.o.attrs["port"]) {
		j.leave("correct it and import again", "port is no number")
	}
	if user := j.text("username"); user != "" {
		j.set("username", user)
		c.secret(j, "password", "password")
	} else if isSet(j.o.attrs["password"]) {
		c.secret(j, "password", "password")
	}
	c.allow(j, j.text("host"))
}

// database takes the name of the database, behind which Zato lets options stand.
func (j *job) database(driver string, options map[string]string) {
	name, query, _ := strings.Cut(j.text("db_name"), "?")
	if driver == "sqlite" && strings.ContainsAny(name, `/\`) {
		j.leave("copy the file into the node's data folder and name it there", "its database is a file outside of the node's data folder")
		return
	}
	j.set("database", name)
	values, err := url.ParseQuery(query)
	if err != nil {
		j.note("db_name", "what stands behind the question mark cannot be read and is not carried over")
		return
	}
	for _, key := range sortedKeys(values) {
		j.option(driver, options, "db_name", [2]string{key, values.Get(key)})
	}
}

// extra reads the options of the connection: key=value, a line each or between
// semicolons. Values are not shown: there may be a password among them.
func (j *job) extra(driver string, options map[string]string) {
	pairs := map[string]string{}
	if obj, ok := j.o.attrs["extra"].(map[string]any); ok {
		for key, v := range obj {
			pairs[key] = scalarText(v)
		}
	}
	for part := range strings.FieldsFuncSeq(scalarText(j.o.attrs["extra"]), func(r rune) bool { return r == '\n' || r == ';' }) {
		key, value, ok := strings.Cut(part, "=")
		if key = strings.TrimSpace(key); key == "" {
			continue
		}
		if !ok || strings.ContainsAny(key, " \t") {
			j.note("extra", "a line is not of the form key=value and is not carried over")
			continue
		}
		pairs[key] = strings.TrimSpace(value)
	}
	for _, key := range sortedKeys(pairs) {
		value := pairs[key]
		d, isTime := seconds(value)
		switch {
		case key == "connect_timeout" && isTime:
			j.set("connect_timeout", d)
		case key == "pool_recycle" && isTime:
			j.set("max_lifetime", d)
		default:
			j.option(driver, options, "extra", [2]string{key, value})
		}
	}
}

// option takes a driver's option that has the same meaning here, or notes its name.
func (j *job) option(driver string, options map[string]string, attr string, pair [2]string) {
	same := map[string][]string{
		"postgres": {"sslmode", "application_name", "search_path", "statement_timeout", "target_session_attrs"},
		"mysql":    {"charset", "collation"},
	}
	key, value := pair[0], pair[1]
	if driver == "mysql" && key == "charset" && value == "utf8" {
		value = "utf8mb4" // MySQL's utf8 lacks some characters
		j.note(attr, "charset utf8 is utf8mb4 here, which has all characters")
	}
	if !slices.Contains(same[driver], key) || value == "" {
		j.note(attr, "the option %s is not carried over", shownName(key))
		return
	}
	options[key] = value
}

// tls says whether the connection is encrypted.
func (j *job) tls(driver string, options map[string]string) {
	if !isTrue(j.o.attrs["ssl"]) {
		return
	}
	verify, said := truth(j.o.attrs["ssl_verify"])
	verify = verify || !said
	switch driver {
	case "postgres":
		options["sslmode"] = map[bool]string{true: "verify-full", false: "require"}[verify]
	case "mysql":
		options["tls"] = map[bool]string{true: "true", false: "skip-verify"}[verify]
	default:
		j.note("ssl", "the connection is not encrypted: set its options by hand")
	}
}
