package service

import (
	"context"
	"encoding/json"
)

// Compiled groups services that are linked into the node's binary as a module.
func Compiled(name string, services ...Service) Module {
	return &compiled{name: name, services: services}
}

type compiled struct {
	name     string
	services []Service
}

func (m *compiled) Package() string     { return m.name }
func (m *compiled) Hash() string        { return "" }
func (m *compiled) Engine() string      { return "go" }
func (m *compiled) Services() []Service { return m.services }
func (m *compiled) Close()              {}

// Builtin returns the services that every node has:
//
//	signalbox.echo  answers what it was sent, with what the channel knew of the request
func Builtin() Module { return Compiled("signalbox", echo{}) }

type echo struct{}

// Spec implements [Service].
func (echo) Spec() Spec {
	return Spec{Name: "signalbox.echo", Doc: "Answers what it was sent: a first service to try a channel with."}
}

// Handle implements [Service].
func (echo) Handle(_ context.Context, c *Call) ([]byte, error) {
	answer := map[string]any{"cid": c.CID, "channel": c.Channel, "input": json.RawMessage(c.Input), "user": c.User}
	if h := c.HTTP; h != nil {
		answer["http"] = map[string]any{
			"method": h.Method, "path": h.Path, "params": h.Params, "query": h.Query, "headers": h.Header, "remote": h.Remote,
		}
	}
	return json.Marshal(answer)
}
