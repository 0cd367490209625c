package admin

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/node/problem"
	"signalbox.internal/odb"
)

// object is a piece of the OpenAPI document.
type object = map[string]any

var pathParam = regexp.MustCompile(`\{([a-z]+)\}`)

// document writes the OpenAPI 3.1 description of the routes.
func document(routes []route) ([]byte, error) {
	schemas, err := newSchemas(routes)
	if err != nil {
		return nil, err
	}
	paths := map[string]object{}
	for _, rt := range routes {
		if paths[rt.path] == nil {
			paths[rt.path] = object{}
		}
		paths[rt.path][strings.ToLower(rt.method)] = operation(rt, schemas)
	}
	return marshal(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Signalbox admin API", "version": strings.TrimPrefix(client.Prefix, "/api/"),
			"description": "Errors are application/problem+json with a stable code and the correlation id. " +
				"Each role includes the ones before it: viewer, operator, developer, admin. " +
				"Why a change is made goes into the field reason or, percent-encoded, into the header X-Change-Reason.",
		},
		"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"paths":             paths,
		"components": object{
			"schemas": schemas.components,
			"securitySchemes": object{
				"token":   object{"type": "http", "scheme": "bearer", "description": "a bearer token of an account"},
				"session": object{"type": "apiKey", "in": "cookie", "name": SessionCookie, "description": "a browser's session; writes send X-CSRF-Token too"},
			},
		},
	})
}

func operation(rt route, schemas *schemas) object {
	op := object{
		"operationId": rt.id, "summary": rt.summary, "tags": []string{tag(rt.path)},
		"parameters": parameters(rt), "responses": responses(rt, schemas),
	}
	if rt.role == "" {
		op["security"] = []any{}
	} else {
		op["security"] = []any{object{"token": []string{}}, object{"session": []string{}}}
		op["x-role"] = rt.role
		op["description"] = "Needs the role " + string(rt.role) + "."
	}
	if rt.body != nil {
		op["requestBody"] = object{"required": rt.id != "invoke", "content": object{"application/json": object{"schema": schemas.ref(rt.body)}}}
	}
	if rt.takes != "" {
		op["requestBody"] = object{"required": true, "content": object{rt.takes: object{}}}
	}
	return op
}

// tag groups routes by their first word.
func tag(path string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, client.Prefix), "/"), "/")
	return strings.TrimSuffix(word, ".json")
}

func parameters(rt route) []object {
	list := []object{}
	for _, m := range pathParam.FindAllStringSubmatch(rt.path, -1) {
		schema := object{"type": "string"}
		if m[1] == "kind" {
			schema["enum"] = odb.KindNames()
		}
		list = append(list, object{"name": m[1], "in": "path", "required": true, "schema": schema})
	}
	add := func(in string, params []param) {
		for _, p := range params {
			schema := object{"type": p.kind}
			if p.kind == "array" {
				schema["items"] = object{"type": "string"}
			}
			list = append(list, object{"name": p.name, "in": in, "required": p.required, "description": p.help, "schema": schema})
		}
	}
	add("query", rt.query)
	add("header", rt.headers)
	return list
}

func responses(rt route, schemas *schemas) object {
	good := object{"description": http.StatusText(rt.status), "headers": object{
		"X-Correlation-ID": object{"description": "also in the node's log", "schema": object{"type": "string"}},
	}}
	switch {
	case rt.media != "":
		good["content"] = object{rt.media: object{"schema": object{}}}
	case rt.answer != nil:
		good["content"] = object{"application/json": object{"schema": schemas.ref(rt.answer)}}
	}
	out := object{strconv.Itoa(rt.status): good}
	for _, status := range refusals(rt) {
		out[strconv.Itoa(status)] = problemResponse(status, schemas)
	}
	if rt.id == "putDefinition" {
		out["201"] = good
	}
	if rt.id == "health" {
		out["503"] = object{"description": "not ready", "content": good["content"]}
	}
	out["default"] = object{"description": "any other fault", "content": object{problem.ContentType: object{"schema": schemas.ref(client.Problem{})}}}
	return out
}

// refusals are the statuses by which a route refuses, beyond the general ones.
func refusals(rt route) []int {
	var list []int
	if rt.role != "" {
		list = append(list, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	}
	if rt.body != nil {
		list = append(list, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		if rt.id != "invoke" {
			list = append(list, http.StatusUnprocessableEntity)
		}
	}
	if pathParam.MatchString(rt.path) {
		list = append(list, http.StatusNotFound)
	}
	if rt.method != http.MethodGet && rt.role.Level() >= odb.Developer.Level() && rt.id != "plan" {
		list = append(list, http.StatusConflict)
	}
	if slices.ContainsFunc(rt.headers, func(p param) bool { return p.name == "If-Match" }) {
		list = append(list, http.StatusPreconditionRequired)
	}
	return list
}

func problemResponse(status int, schemas *schemas) object {
	return object{
		"description": fmt.Sprintf("%s, as a problem document", problem.StatusText(status)),
		"content":     object{problem.ContentType: object{"schema": schemas.ref(client.Problem{})}},
	}
}
