import { ServiceError } from "@signalbox/sdk";
import { beforeEach, call, describe, expect, type Fakes, fakeCtx, type HttpAnswer, test } from "@signalbox/sdk/test";
import { json, ubl } from "../test/samples";
import { create, get, list } from "./services";
import type { Row } from "./table";

/** A database of two tables, in memory. */
let orders: Row[];
let lines: { [column: string]: any }[];

function database(sql: string, params: any): any {
  if (sql.startsWith("INSERT INTO orders ")) {
    if (orders.some((o) => o.id === params.id)) throw new ServiceError("sql_failed", "taken", 500, { constraint: "unique" });
    orders.push(params);
    return { affected: 1 };
  }
  if (sql.startsWith("INSERT INTO order_line")) return lines.push(params), { affected: 1 };
  if (sql.includes("FROM order_line")) return lines.filter((l) => l.id === params.id).map(({ id, number, ...line }) => line);
  if (sql.includes("LIMIT :limit")) return orders.slice(0, params.limit);
  return orders.filter((o) => o.id === params.id);
}

/** What the partner answers next; the last one is repeated. */
let answers: HttpAnswer[];

function ctx(more: Fakes = {}) {
  return fakeCtx({
    settings: { database: "demo.db", partner: "demo.partner" },
    invoke: { "rates.convert": ({ from, to, amount }: any) => ({ result: from === to ? amount : "1388.72", date: "2025-11-20" }) },
    conn: {
      sql: { "demo.db": database },
      http: { "demo.partner": () => (answers.length > 1 ? answers.shift()! : answers[0]!) },
    },
    ...more,
  });
}

beforeEach(() => {
  orders = [];
  lines = [];
  answers = [{ status: 201, json: { shipment_id: "SHP-1", eta: "2025-11-25", status: "booked" } }];
});

describe("orders.create", () => {
  test("prices, ships and stores an order", () => {
    const c = ctx();
    expect(call(create, json(), c)).toMatchObject({
      id: "PO-1001", total: "1600.50", currency: "USD", total_eur: "1388.72", rate_date: "2025-11-20",
      shipment: { id: "SHP-1", eta: "2025-11-25" },
    });
    expect(c.reply).toEqual({ status: 201, headers: { Location: "/demo/orders/PO-1001" } });
    expect(c.calls.find((x) => x.op === "invoke")?.args).toEqual({ service: "rates.convert", input: { from: "USD", to: "EUR", amount: "1600.50" } });
    expect(c.calls.find((x) => x.op === "http.request")?.args).toMatchObject({
      connection: "demo.partner", method: "POST", path: "/v1/shipments", retry: true, headers: { "Idempotency-Key": "PO-1001" },
      json: { reference: "PO-1001", items: [{ sku: "LAMP-20W", quantity: "120" }, { sku: "CABLE-3X15", quantity: "35.5" }] },
    });
    expect([orders.length, lines.length]).toEqual([1, 2]);
  });

  test("takes the same order once, whatever form it comes in", () => {
    const first = call(create, ubl(), ctx());
    const again = ctx();
    expect(call(create, json(), again)).toEqual(first);
    expect(again.reply).toEqual({ status: 200, headers: { Location: "/demo/orders/PO-1001" } });
    expect(again.calls.some((c) => c.op === "http.request")).toBe(false);
    expect(orders).toHaveLength(1);
  });

  test("refuses another order of a number that is taken", () => {
    call(create, json(), ctx());
    expect(() => call(create, { ...json(), buyer: "Somebody else" }, ctx())).toThrow({ code: "orders.number_taken", status: 409 });
  });

  test("answers the second of two at one time as a repeat", () => {
    call(create, json(), ctx());
    let looked = 0;
    const c = ctx({
      conn: {
        http: { "demo.partner": () => answers[0]! },
        sql: { "demo.db": (sql, params) => (sql.includes("FROM orders") && looked++ === 0 ? [] : database(sql, params)) },
      },
    });
    expect(call(create, json(), c).id).toBe("PO-1001");
    expect(c.reply?.status).toBe(200);
  });

  test("stores nothing when the partner does not take it", () => {
    answers = [{ status: 503, json: { errors: ["out of service"] } }];
    expect(() => call(create, json(), ctx())).toThrow({ code: "orders.partner_failed", status: 503 });
    answers = [{ status: 422, json: { errors: ["items[0].sku: …"] } }];
    expect(() => call(create, json(), ctx())).toThrow({ code: "orders.partner_refused", status: 502 });
    expect(orders).toHaveLength(0);
  });

  test("passes on that there are no rates, before the partner hears of the order", () => {
    const c = ctx({ invoke: { "rates.convert": () => { throw new ServiceError("rates.none", "no rates", 409); } } });
    expect(() => call(create, json(), c)).toThrow({ code: "rates.none", status: 409 });
    expect(c.calls.some((x) => x.op === "http.request")).toBe(false);
  });

  test("asks nobody about an order with faults", () => {
    const c = ctx();
    expect(() => call(create, { ...json(), date: "" }, c)).toThrow({ code: "invalid_input", status: 400 });
    expect(c.calls).toEqual([]);
  });
});

describe("orders.get", () => {
  test("shows the order with what the partner says", () => {
    const made = call(create, json(), ctx());
    answers = [{ json: { status: "in_transit" } }];
    expect(call(get, { id: "PO-1001" }, ctx())).toEqual({ ...made, shipment: { ...made.shipment, status: "in_transit" } });
  });

  test("shows the order when the partner is down or has forgotten it", () => {
    call(create, json(), ctx());
    answers = [{ status: 404 }];
    expect(call(get, { id: "PO-1001" }, ctx()).shipment.status).toBe("unknown");
    const down = ctx({ conn: { sql: { "demo.db": database }, http: { "demo.partner": () => { throw new ServiceError("outgoing_down", "open", 503); } } } });
    expect(call(get, { id: "PO-1001" }, down).shipment.status).toBe("unknown");
  });

  test("knows only what was stored", () => {
    expect(() => call(get, { id: "PO-9" }, ctx())).toThrow({ code: "orders.not_found", status: 404 });
  });
});

describe("orders.list", () => {
  test("lists orders with their addresses", () => {
    call(create, json(), ctx());
    expect(call(list, {}, ctx())).toEqual({
      orders: [{ id: "PO-1001", ordered_on: "2025-11-20", buyer: "Nordlicht Handels GmbH", total_eur: "1388.72", href: "/demo/orders/PO-1001" }],
    });
  });

  test("lists as many as asked for, at most 100", () => {
    call(create, json(), ctx());
    call(create, { ...json(), number: "PO-1002" }, ctx());
    expect(call(list, { limit: 1 }, ctx()).orders).toHaveLength(1);
    for (const limit of [0, 101, -1, 1.5]) expect(() => call(list, { limit }, ctx())).toThrow({ code: "invalid_input" });
  });
});
