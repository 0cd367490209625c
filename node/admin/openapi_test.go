package admin_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"signalbox.internal/node/admin/client"
	"signalbox.internal/odb"
)

type openapi struct {
	OpenAPI string `json:"openapi"`
	Info    struct{ Title, Version string }
	Paths   map[string]map[string]struct {
		OperationID string           `json:"operationId"`
		Summary     string           `json:"summary"`
		Role        odb.Role         `json:"x-role"`
		Security    *json.RawMessage `json:"security"`
		Parameters  []struct {
			Name, In string
			Required bool
			Schema   map[string]any
		}
		RequestBody *json.RawMessage           `json:"requestBody"`
		Responses   map[string]json.RawMessage `json:"responses"`
	}
	Components struct {
		Schemas         map[string]json.RawMessage
		SecuritySchemes map[string]json.RawMessage `json:"securitySchemes"`
	}
}

func readOpenAPI(t *testing.T, r *rig) (openapi, []byte) {
	t.Helper()
	raw := must2(r.as(t, odb.Viewer).OpenAPI(t.Context()))(t)
	var doc openapi
	must(t, json.Unmarshal(raw, &doc))
	return doc, raw
}

// TestOpenAPICovers compares the document with what the router really has.
func TestOpenAPICovers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	doc, _ := readOpenAPI(t, r)
	if doc.OpenAPI != "3.1.0" || doc.Info.Title == "" || doc.Info.Version != "v1" {
		t.Errorf("head is %q %+v", doc.OpenAPI, doc.Info)
	}
	routed := must2(r.api.Routed())(t)
	var described []string
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || op.Security == nil {
				t.Errorf("%s %s: id %q is taken or empty, or summary or security is missing", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			good := false
			for status := range op.Responses {
				good = good || strings.HasPrefix(status, "2")
			}
			if !good || op.Responses["default"] == nil {
				t.Errorf("%s %s has the answers %v", method, path, op.Responses)
			}
			var inPath []string
			for _, p := range op.Parameters {
				if p.In == "path" && p.Required {
					inPath = append(inPath, "{"+p.Name+"}")
				}
				if p.Schema["type"] == nil {
					t.Errorf("%s %s: parameter %s has no type", method, path, p.Name)
				}
			}
			if want := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(path, -1); !slices.Equal(inPath, want) {
				t.Errorf("%s %s describes the path parameters %v", method, path, inPath)
			}
		}
	}
	slices.Sort(routed)
	slices.Sort(described)
	if !slices.Equal(routed, described) {
		t.Errorf("described %v\nrouted %v", described, routed)
	}
	for _, rt := range r.api.Table() {
		op := doc.Paths[rt.Path][strings.ToLower(rt.Method)]
		if op.Role != rt.Role || (op.RequestBody != nil) != rt.HasBody {
			t.Errorf("%s: role %q, body %t; the table says %q, %t", rt.ID, op.Role, op.RequestBody != nil, rt.Role, rt.HasBody)
		}
	}
}

// TestOpenAPISchemas compiles every schema and checks real answers against them.
func TestOpenAPISchemas(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	doc, raw := readOpenAPI(t, r)
	tree := must2(jsonschema.UnmarshalJSON(bytes.NewReader(raw)))(t)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	must(t, c.AddResource("openapi.json", tree))
	schema := func(name string) *jsonschema.Schema {
		t.Helper()
		return must2(c.Compile("openapi.json#/components/schemas/" + name))(t)
	}
	for name := range doc.Components.Schemas {
		schema(name)
	}
	for _, ref := range regexp.MustCompile(`"\$ref":"#/components/schemas/([^"]*)"`).FindAllStringSubmatch(string(raw), -1) {
		if doc.Components.Schemas[ref[1]] == nil {
			t.Errorf("there is no schema %s", ref[1])
		}
	}
	for _, k := range odb.KindNames() {
		if doc.Components.Schemas["spec."+k] == nil {
			t.Errorf("there is no schema of the spec of kind %s", k)
		}
	}
	dev := r.as(t, odb.Developer)
	create(t, dev, "security", "s", `{"type":"basic","username":"u","password":"correct horse"}`)
	create(t, dev, "channel", "c", `{"path":"/c","service":"demo.echo","security":["s"]}`)
	answers := map[string]string{
		"/me": "Me", "/status": "Status", "/nodes": "NodeList", "/kinds": "KindList", "/kinds/channel": "Kind", "/stats": "Stats",
		"/definitions/channel": "DefinitionList", "/definitions/channel/c": "Definition", "/definitions/channel/c/history": "RevisionList",
		"/definitions/security/s/references": "ReferenceList", "/history?diff=true": "RevisionList", "/diff?from=0": "Diff", "/state": "State",
		"/services": "ServiceList", "/services/demo.echo": "Service", "/services/demo.echo/versions": "VersionList",
		"/connections": "ConnectionList", "/problems": "NodeProblemList", "/events": "Events", "/access-tokens": "TokenList",
		"/definitions/channel/none": "ProblemDocument", "/accounts": "AccountList",
	}
	for path, name := range answers {
		got := r.call(t, "GET", client.Prefix+path, "")
		value := must2(jsonschema.UnmarshalJSON(bytes.NewReader(got.body)))(t)
		if err := schema(name).Validate(value); err != nil {
			t.Errorf("%s is no %s: %v", path, name, err)
		}
	}
	bodies := map[string]struct {
		body string
		good bool
	}{
		"CreateDefinition": {`{"name":"x","spec":{"path":"/a","service":"s"}}`, true},
		"ApplyRequest":     {`{"documents":[{"name":"f","text":"x"}],"prnue":true}`, false},
		"DeployRequest":    {`{"packages":[{"name":"p","files":{"a.ts":{"text":"x"},"b":{"base64":"AAA="}}}]}`, true},
		"CreateToken":      {`{"account":"a","role":"root"}`, false},
		"SignIn":           {`{"accounts":"a"}`, false},
	}
	for name, tc := range bodies {
		value := must2(jsonschema.UnmarshalJSON(strings.NewReader(tc.body)))(t)
		if err := schema(name).Validate(value); (err == nil) != tc.good {
			t.Errorf("%s against %s: %v", tc.body, name, err)
		}
	}
}
