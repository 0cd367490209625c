package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"signalbox.internal/node/service"
)

// Option changes a service made by [Func].
type Option func(*service.Spec)

// Doc describes the service to people in one sentence.
func Doc(text string) Option { return func(s *service.Spec) { s.Doc = text } }

// Timeout sets the longest time of a call; an administrator may change it.
func Timeout(d time.Duration) Option { return func(s *service.Spec) { s.Timeout = d } }

// Input replaces the schema derived from the input type.
func Input(schema json.RawMessage) Option { return func(s *service.Spec) { s.Input = schema } }

// Output replaces the schema derived from the output type.
func Output(schema json.RawMessage) Option { return func(s *service.Spec) { s.Output = schema } }

// Func makes a service of f. The schemas come from the types I and O: `json`
// tags name the fields, `jsonschema` tags describe them, pointers and omitempty
// make them optional, unknown fields are refused. The input is validated before
// f is called. f returns an [*Error] for what the caller should know; any other
// error is answered as "internal" and goes to the log.
//
// It fails when a schema cannot be derived, which is a mistake in the program.
func Func[I, O any](name string, f func(*Ctx, *I) (*O, error), opts ...Option) (service.Service, error) {
	spec := service.Spec{Name: name}
	for _, set := range opts {
		set(&spec)
	}
	var err error
	if spec.Input == nil {
		if spec.Input, err = schemaOf[I](); err != nil {
			return nil, fmt.Errorf("derive input schema of service %s: %w", name, err)
		}
	}
	if spec.Output == nil {
		if spec.Output, err = schemaOf[O](); err != nil {
			return nil, fmt.Errorf("derive output schema of service %s: %w", name, err)
		}
	}
	return &typed[I, O]{spec: spec, f: f}, nil
}

func schemaOf[T any]() (json.RawMessage, error) {
	s, err := jsonschema.For[T](nil)
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

type typed[I, O any] struct {
	spec service.Spec
	f    func(*Ctx, *I) (*O, error)
}

// Spec implements service.Service.
func (t *typed[I, O]) Spec() service.Spec { return t.spec }

// Handle implements service.Service.
func (t *typed[I, O]) Handle(ctx context.Context, c *service.Call) ([]byte, error) {
	in := new(I)
	if err := json.Unmarshal(c.Input, in); err != nil {
		return nil, service.Errorf(http.StatusBadRequest, service.CodeInvalid, "the input does not fit: %v", err)
	}
	out, err := t.f(&Ctx{Context: ctx, call: c}, in)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// NewModule groups services that are compiled into the node under one package
// name. errs are those of [Func], so that a list of services reads as one:
//
//	hello, err1 := sdk.Func("hello.say", sayHello)
//	bye, err2 := sdk.Func("hello.bye", sayBye)
//	m, err := sdk.NewModule("hello", []service.Service{hello, bye}, err1, err2)
func NewModule(name string, services []service.Service, errs ...error) (service.Module, error) {
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", name, err)
		}
	}
	return service.Compiled(name, services...), nil
}
