// Package sdktest runs Go services in tests the way a node runs them: through
// the production invoker, with the same validation, deadline and containment.
//
// It offers [New], which takes the services under test and fakes for whatever
// else they use. It imports node/service, and belongs in tests.
package sdktest

import (
	"context"
	"encoding/json"
	"testing"

	"signalbox.internal/node/service"
)

// Fakes stand in for what a service uses: host operations by name, such as
// "http.request" or "sql.query".
type Fakes map[string]service.Operation

// Kit invokes the services under test.
type Kit struct {
	t   testing.TB
	inv *service.Invoker
}

// New returns a kit with these services and nothing else; what they use beyond
// the built-in library must be in fakes.
func New(t testing.TB, fakes Fakes, services ...service.Service) *Kit {
	t.Helper()
	p, err := service.Prepare(service.Compiled("under test", services...))
	if err != nil {
		t.Fatalf("prepare services: %v", err)
	}
	host, err := service.NewHost(fakes)
	if err != nil {
		t.Fatalf("set up fakes: %v", err)
	}
	reg := service.NewRegistry()
	var bindings []service.Binding
	for _, name := range p.Names() {
		bindings = append(bindings, service.Binding{Name: name, From: p, Settings: service.Settings{ValidateOutput: true}})
	}
	if err := reg.Switch(bindings); err != nil {
		t.Fatalf("set up services: %v", err)
	}
	t.Cleanup(func() {
		reg.Close()
		p.Release()
	})
	return &Kit{t: t, inv: service.NewInvoker(service.Config{Registry: reg, Host: host})}
}

// Invoke calls a service and decodes its answer into out; the error is a
// *service.Error. input is anything that encodes to JSON.
func (k *Kit) Invoke(name string, input, out any) error {
	k.t.Helper()
	in, err := json.Marshal(input)
	if err != nil {
		k.t.Fatalf("encode input of %s: %v", name, err)
	}
	c := &service.Call{CID: "test", Service: name, Channel: "test", Input: in}
	result, err := k.inv.Invoke(context.Background(), c)
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(result, out); err != nil {
		k.t.Fatalf("decode answer of %s %s: %v", name, result, err)
	}
	return nil
}
