// What the type checker must accept and refuse; nothing here runs.
import { service, ServiceError, t, xml, decimal, type Ctx, type Given, type HttpResponse, type InputOf, type OutputOf, type Settled, type Static } from "@signalbox/sdk";
import { call, expect, fakeCtx, test } from "@signalbox/sdk/test";

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

// Schemas and their types.
const Order = t.object({
  id: t.string({ pattern: /^ORD-/ }),
  qty: t.int({ minimum: 1 }),
  price: t.decimal({ scale: 2 }),
  currency: t.enum("PLN", "EUR"),
  kind: t.literal("order"),
  lines: t.array(t.object({ sku: t.string(), note: t.optional(t.string()) })),
  tags: t.record(t.boolean()),
  customer: t.nullable(t.int64()),
  either: t.union(t.string(), t.number()),
  note: t.optional(t.string()),
  channel: t.default(t.string(), "web"),
  raw: t.schema<{ a: number }>({ type: "object" }),
});
same<Static<typeof Order>, {
  id: string; qty: number; price: string; currency: "PLN" | "EUR"; kind: "order";
  lines: { sku: string; note?: string | undefined }[]; tags: Record<string, boolean>; customer: string | null;
  either: string | number; channel: string; raw: { a: number }; note?: string | undefined;
}>(true);
same<Given<typeof Order>["channel"], string | undefined>(true);
same<Static<typeof Order>["channel"], string>(true);
// @ts-expect-error a default must fit
t.default(t.int(), "x");
// @ts-expect-error an enum has texts
t.enum(1, 2);
// @ts-expect-error unknown options are refused
t.string({ minimum: 1 });
// @ts-expect-error a property is a schema
t.object({ a: "string" });

// Services.
export const rate = service({
  name: "fx.rate",
  input: t.object({ currency: t.string(), day: t.default(t.date(), "2026-01-01") }),
  output: t.object({ rate: t.decimal() }),
  handle(_ctx, input) {
    same<typeof input, { currency: string; day: string }>(true);
    if (input.currency === "X") throw new ServiceError("fx.unknown", "no rate", 422, { currency: input.currency });
    return { rate: "4.25" };
  },
});
same<InputOf<typeof rate>, { currency: string; day?: string | undefined }>(true);
same<OutputOf<typeof rate>, { rate: string }>(true);

export const later = service({ name: "later", output: t.int(), async handle() { return 1; } });
export const loose = service({ name: "loose", handle: (_ctx, input) => input.anything.goes });
// @ts-expect-error the answer does not fit
service({ name: "bad", output: t.object({ n: t.int() }), handle: () => ({ n: "1" }) });
// @ts-expect-error an async answer does not fit
service({ name: "bad", output: t.int(), handle: async () => "1" });
// @ts-expect-error the name is missing
service({ handle: () => 1 });
// @ts-expect-error a schema is needed
service({ name: "bad", input: { type: "object" }, handle: () => 1 });

declare module "@signalbox/sdk" {
  interface Services {
    "stock.level": { input: { sku: string }; output: { pieces: number } };
    "stock.count": { output: number };
    "stock.clear": { input: { sku?: string } | null; output: boolean };
  }
  interface Settings {
    readonly greeting: string;
  }
}

export function usage(ctx: Ctx): void {
  // invoke is typed across services, by value and by name.
  same<ReturnType<typeof byValue>, { rate: string }>(true);
  const byValue = () => ctx.invoke(rate, { currency: "PLN" });
  const byName = () => ctx.invoke("stock.level", { sku: "a" });
  same<ReturnType<typeof byName>, { pieces: number }>(true);
  const free: { x: number } = ctx.invoke<{ x: number }>("anything.else", [1, 2]);
  void free;
  const named: string = "some." + ctx.cid;
  same<ReturnType<typeof byVariable>, any>(true);
  const byVariable = () => ctx.invoke(named, { sku: 1 });
  same<ReturnType<typeof byOtherName>, any>(true);
  const byOtherName = () => ctx.invoke("some.other");
  same<ReturnType<typeof withoutInput>, number>(true);
  const withoutInput = () => ctx.invoke("stock.count");
  same<ReturnType<typeof withNull>, boolean>(true);
  const withNull = () => [ctx.invoke("stock.clear"), ctx.invoke("stock.clear", null), ctx.invoke("stock.clear", { sku: "a" })][0]!;
  // @ts-expect-error sku is a text, and the name is declared
  ctx.invoke("stock.level", { sku: 1 });
  // @ts-expect-error sku is missing
  ctx.invoke("stock.level", {});
  // @ts-expect-error the input is missing
  ctx.invoke("stock.level");
  // @ts-expect-error there is no such property
  ctx.invoke("stock.level", { sku: "a", size: 1 });
  // @ts-expect-error sku is a text, or left out
  ctx.invoke("stock.clear", { sku: 1 });
  // @ts-expect-error the answer has no price
  ctx.invoke("stock.level", { sku: "a" }).price;
  // @ts-expect-error a service is called by a text or a value
  ctx.invoke(1);
  // @ts-expect-error currency is missing
  ctx.invoke(rate, {});
  // @ts-expect-error currency is a text
  ctx.invoke(rate, { currency: 1 });

  // parallel keeps the types in order.
  const [a, b, c] = ctx.parallel([
    { service: rate, input: { currency: "PLN" } },
    { service: "stock.level", input: { sku: "a" } },
    { service: "untyped" },
  ]);
  same<typeof a, Settled<{ rate: string }>>(true);
  same<typeof b, Settled<{ pieces: number }>>(true);
  if (a.ok) a.value.rate.toUpperCase();
  else a.error.code.toUpperCase();
  if (c.ok) c.value.whatever;
  // @ts-expect-error currency is a text
  ctx.parallel([{ service: rate, input: { currency: 1 } }]);
  // @ts-expect-error sku is a text, and the name is declared
  ctx.parallel([{ service: "stock.level", input: { sku: 1 } }]);

  // Connections.
  const answer: HttpResponse = ctx.conn.http("crm").post("/orders/{id}", { params: { id: 1 }, json: { a: 1 }, retry: false });
  if (!answer.ok) throw new ServiceError("crm.refused", `CRM says ${answer.status}`, 502);
  const rows = ctx.conn.sql("erp").query<{ no: string }>("select no from customer where id = :id", { id: 1 });
  const first: string | undefined = rows[0]?.no;
  void first;
  const results = ctx.conn.sql("erp").transaction([
    { sql: "insert into a values (:x)", params: { x: null } },
    { sql: "select 1 as one", query: true },
  ]);
  results[0].affected.toFixed();
  results[1].rows[0]?.["one"];
  // @ts-expect-error a parameter is no list
  ctx.conn.sql("erp").exec("delete from a where x in (:x)", { x: [1] });
  // @ts-expect-error a body is no number
  ctx.conn.http("crm").post("/x", { text: 1 });

  // The rest.
  const user: string | undefined = ctx.user?.name;
  const page: string | undefined = ctx.http?.query["page"];
  const greeting: string = ctx.settings.greeting;
  void [user, page, greeting];
  ctx.log.info("x", { a: 1 });
  // @ts-expect-error the context is read-only
  ctx.cid = "x";
  const total: string = decimal.sum([decimal.mul("2", 9.95), "1"]);
  const root = xml.parse<{ Order: { ID: string } }>("<Order/>", { namespaces: "strip" });
  void [total, root.Order.ID];
  console.log(total);
  // @ts-expect-error rounding has a name
  decimal.round("1", 2, "up_and_down");
}

// Tests of services.
test("prices", async () => {
  const ctx = fakeCtx({ invoke: { "fx.rate": rate }, conn: { sql: { erp: (sql) => [{ sql }] } }, http: { query: { page: "1" } } });
  expect(rate.def.handle(ctx, { currency: "PLN", day: "2026-01-01" })).toEqual({ rate: "4.25" });
  same<ReturnType<typeof typed>, { rate: string }>(true);
  const typed = () => call(rate, { currency: "PLN" }, ctx);
  // @ts-expect-error currency is missing
  call(rate, {});
  expect(() => call(rate, { currency: "X" })).toThrow({ code: "fx.unknown", status: 422 });
  expect(ctx.calls[0]?.op).not.toBe("x");
});
