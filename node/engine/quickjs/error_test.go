package quickjs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"signalbox.internal/node/engine/quickjs"
	"signalbox.internal/node/service"
)

const failing = `import { service, ServiceError, t } from "@signalbox/sdk";
import { deep } from "./helper";

class Custom extends Error { override name = "Custom"; }

export const known = service({ name: "known", handle(): any {
  throw new ServiceError("order.unknown_customer", "no customer 7", 422, { id: 7 });
} });
export const plain = service({ name: "plain", handle(): any { throw new ServiceError("x.y", "z"); } });
export const bug = service({ name: "bug", handle(_ctx, input): any { return deep(input).name.length; } });
export const custom = service({ name: "custom", handle(): any { throw new Custom("mine", { cause: new TypeError("below") }); } });
export const text = service({ name: "text", handle(): any { throw "just a text"; } });
export const object = service({ name: "object", handle(): any { throw { a: 1 }; } });
export const nothing = service({ name: "nothing", handle(): any { throw undefined; } });
export const later = service({ name: "later", async handle(): Promise<any> {
  await null;
  throw new ServiceError("later.failed", "later", 409);
} });
export const laterBug = service({ name: "laterBug", async handle(_ctx, input): Promise<any> {
  await null;
  return deep(input);
} });
export const nested = service({ name: "nested", handle: (ctx) => ctx.invoke("known", {}) });
export const caught = service({ name: "caught", handle(ctx) {
  try { return ctx.invoke("known", {}); } catch (e) {
    if (ServiceError.is(e, "order.unknown_customer")) return { code: e.code, status: e.status, message: e.message, details: e.details };
    throw e;
  }
} });
export const absent = service({ name: "absent", handle: (ctx) => ctx.invoke("not.there", {}) });
export const outside = service({ name: "outside", handle: (ctx) => ctx.conn.http("crm").get("/x") });
export const bigint = service({ name: "bigint", handle: (): any => ({ n: 1n }) });
export const circle = service({ name: "circle", handle(): any { const a: any = {}; a.a = a; return a; } });
export const huge = service({ name: "huge", handle(): any { throw new ServiceError("big", "x".repeat(100000), 400, { text: "y".repeat(100000) }); } });
export const badStatus = service({ name: "badStatus", handle(): any { throw new ServiceError("x", "y", 200); } });
`

const helper = `export interface Named { name: string }

export function deep(input: any): Named {
  return input.missing.name;
}
`

// TestErrors: what services throw reaches the caller as far as they mean it to,
// and the log with the place in their TypeScript.
func TestErrors(t *testing.T) {
	tests := map[string]struct {
		code    string
		status  int
		message string
		details string // JSON
		cause   string // part of the text of the cause
		stack   string // part of the stack
	}{
		"known":     {code: "order.unknown_customer", status: 422, message: "no customer 7", details: `{"id":7}`},
		"plain":     {code: "x.y", status: 500, message: "z", stack: "at handle (src/errors.ts:9:"},
		"bug":       {code: "internal", status: 500, message: "the service failed", cause: "TypeError", stack: "at deep (src/helper.ts:4:16)\n    at handle (src/errors.ts:10:"},
		"custom":    {code: "internal", status: 500, cause: "Custom: mine; caused by TypeError: below", stack: "src/errors.ts:11:"},
		"text":      {code: "internal", status: 500, cause: `thrown value "just a text"`},
		"object":    {code: "internal", status: 500, cause: `thrown value {"a":1}`},
		"nothing":   {code: "internal", status: 500, cause: `thrown value undefined`},
		"later":     {code: "later.failed", status: 409, message: "later"},
		"laterBug":  {code: "internal", status: 500, cause: "TypeError", stack: "at deep (src/helper.ts:4:16)"},
		"nested":    {code: "order.unknown_customer", status: 422, message: "no customer 7", details: `{"id":7}`},
		"absent":    {code: "service_not_found", status: 404},
		"outside":   {code: "outgoing_failed", status: 502, message: "the far side is away", details: `{"connection":"crm"}`, cause: "dial tcp: refused", stack: "at handle (src/errors.ts:31:"},
		"bigint":    {code: "internal", status: 500, cause: "TypeError"},
		"circle":    {code: "internal", status: 500, cause: "TypeError"},
		"badStatus": {code: "internal", status: 500, cause: "the status 200 is not an integer from 400 to 599"},
	}
	n := newNode(t, quickjs.Config{}, map[string]service.Operation{
		"http.request": func(context.Context, *service.Call, json.RawMessage) (any, error) {
			return nil, &service.Error{
				Code: "outgoing_failed", Status: 502, Message: "the far side is away", Details: map[string]string{"connection": "crm"},
				Cause: errors.New("dial tcp: refused"),
			}
		},
	})
	n.deploy(source("src/errors.ts", failing, "src/helper.ts", helper))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := n.call(name, `{"a":1}`)
			if err == nil {
				t.Fatalf("the call answered %s", out)
			}
			details, _ := json.Marshal(err.Details)
			if tc.details == "" {
				tc.details = "null"
			}
			cause := ""
			if err.Cause != nil {
				cause = err.Cause.Error()
			}
			if err.Code != tc.code || err.HTTPStatus() != tc.status || !strings.Contains(err.Message, tc.message) || string(details) != tc.details {
				t.Errorf("the call ended as %d %s %q %s, want %d %s %q %s", err.HTTPStatus(), err.Code, err.Message, details, tc.status, tc.code, tc.message, tc.details)
			}
			if !strings.Contains(cause, tc.cause) || (tc.cause == "" && cause != "") {
				t.Errorf("the cause is %q, want %q", cause, tc.cause)
			}
			if !strings.Contains(err.Stack, tc.stack) || strings.Contains(err.Stack, "<eval>") {
				t.Errorf("the stack is\n%swant in it\n%s", err.Stack, tc.stack)
			}
		})
	}
	t.Run("caught", func(t *testing.T) {
		n.want("caught", "null", `{"code":"order.unknown_customer","status":422,"message":"no customer 7","details":{"id":7}}`)
	})
	t.Run("huge", func(t *testing.T) {
		_, err := n.call("huge", "null")
		details, _ := json.Marshal(err.Details)
		if err.Code != "big" || len(err.Message) > 5000 || !strings.Contains(string(details), "omitted") {
			t.Errorf("the error is %s with %d characters of message and details %s", err.Code, len(err.Message), details)
		}
	})
}

// TestLog: lines of services reach the node's log under the cid, and errors with
// their stack, while callers see neither.
func TestLog(t *testing.T) {
	var log bytes.Buffer
	n := newNode(t, quickjs.Config{Log: slog.New(slog.NewJSONHandler(&log, nil))}, nil)
	n.deploy(source(`import { service } from "@signalbox/sdk";
console.log("while loading", { a: 1 });
export const talk = service({ name: "talk", handle(ctx) {
  ctx.log.warn("careful", { n: 1 });
  console.error("oops", new TypeError("bad"), [1]);
  throw new Error("secret inside");
} });`))
	_, err := n.call("talk", "null")
	if err == nil || strings.Contains(err.Message, "secret") {
		t.Errorf("the caller sees %v", err)
	}
	for _, want := range []string{
		`"message":"while loading {\"a\":1}"`, `"message":"careful"`, `"fields":{"n":1}`, `"cid":"cid-1234"`,
		`"message":"oops TypeError: bad [1]"`, `secret inside`, `at handle (src/index.ts:6:`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
}
