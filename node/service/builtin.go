package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"signalbox.internal/node/library"
)

// maxParallel is how many invokes one parallel operation may ask for.
const maxParallel = 64

// builtinOps are the operations that need nothing but the invoker:
//
//	invoke    {service, input}              → the other service's answer
//	parallel  {calls: [{service, input}]}   → [{ok, value | error}], in order
//	respond   {status, headers, content_type, text | base64} → null
//	log       {level, message, fields}      → null
//	remaining {}                            → milliseconds until the deadline
func builtinOps() map[string]Operation {
	return map[string]Operation{
		"invoke": opInvoke, "parallel": opParallel, "respond": opRespond, "log": opLog, "remaining": opRemaining,
	}
}

// DecodeArgs reads the arguments of a host operation strictly.
func DecodeArgs(op string, args json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(args))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("there is text after the end of the object")
	}
	return Errorf(http.StatusInternalServerError, CodeArguments, "the arguments of %s are wrong: %v", op, err)
}

type invokeArgs struct {
	Service string          `json:"service"`
	Input   json.RawMessage `json:"input"`
}

func opInvoke(ctx context.Context, c *Call, args json.RawMessage) (any, error) {
	var a invokeArgs
	if err := DecodeArgs("invoke", args, &a); err != nil {
		return nil, err
	}
	out, err := c.Invoke(ctx, a.Service, a.Input)
	return json.RawMessage(out), err
}

type parallelResult struct {
	OK    bool            `json:"ok"`
	Value json.RawMessage `json:"value,omitempty"`
	Error *Error          `json:"error,omitempty"`
}

func opParallel(ctx context.Context, c *Call, args json.RawMessage) (any, error) {
	var a struct {
		Calls []invokeArgs `json:"calls"`
	}
	if err := DecodeArgs("parallel", args, &a); err != nil {
		return nil, err
	}
	if len(a.Calls) > maxParallel {
		return nil, Errorf(http.StatusInternalServerError, CodeTooLarge, "parallel has %d calls; at most %d are allowed", len(a.Calls), maxParallel)
	}
	results := make([]parallelResult, len(a.Calls))
	var wg sync.WaitGroup
	for i, call := range a.Calls {
		wg.Go(func() {
			out, err := c.Invoke(ctx, call.Service, call.Input)
			if err != nil {
				e := *AsError(err)
				e.Cause = nil
				results[i] = parallelResult{Error: &e}
				return
			}
			results[i] = parallelResult{OK: true, Value: out}
		})
	}
	wg.Wait()
	return results, nil
}

func opRespond(_ context.Context, c *Call, args json.RawMessage) (any, error) {
	var a struct {
		Status      int               `json:"status"`
		Headers     map[string]string `json:"headers"`
		ContentType string            `json:"content_type"`
		Text        *string           `json:"text"`
		Base64      []byte            `json:"base64"`
	}
	if err := DecodeArgs("respond", args, &a); err != nil {
		return nil, err
	}
	if a.Status != 0 && (a.Status < 200 || a.Status > 599) {
		return nil, Errorf(http.StatusInternalServerError, CodeArguments, "respond: the status %d is not between 200 and 599", a.Status)
	}
	header := http.Header{}
	for name, value := range a.Headers {
		if strings.ContainsAny(name+value, "\r\n\x00") || name == "" {
			return nil, Errorf(http.StatusInternalServerError, CodeArguments, "respond: the header %q is not valid", name)
		}
		header.Set(name, value)
	}
	c.Reply = Reply{Status: a.Status, Header: header, ContentType: a.ContentType, Raw: a.Base64}
	if a.Text != nil {
		c.Reply.Raw = []byte(*a.Text)
	}
	return nil, nil
}

func opLog(ctx context.Context, c *Call, args json.RawMessage) (any, error) {
	var a struct {
		Level   string         `json:"level"`
		Message string         `json:"message"`
		Fields  map[string]any `json:"fields"`
	}
	if err := DecodeArgs("log", args, &a); err != nil {
		return nil, err
	}
	level := slog.LevelInfo
	if a.Level != "" && level.UnmarshalText([]byte(a.Level)) != nil {
		return nil, Errorf(http.StatusInternalServerError, CodeArguments, "log: the level %q is not debug, info, warn or error", a.Level)
	}
	c.inv.log.LogAttrs(ctx, level, "service says", slog.String("service", c.Service), slog.String("cid", c.CID),
		slog.String("message", a.Message), slog.Any("fields", a.Fields))
	return nil, nil
}

func opRemaining(ctx context.Context, _ *Call, _ json.RawMessage) (any, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil, nil
	}
	return max(0, time.Until(deadline).Milliseconds()), nil
}

// libraryError makes a library error one that services understand: the fault
// is the service's own, so the status is 500 unless the service catches it.
func libraryError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*library.Error](err); ok {
		return &Error{Code: e.Code, Message: e.Message, Details: e.Details, Status: http.StatusInternalServerError}
	}
	return fmt.Errorf("library: %w", err)
}
