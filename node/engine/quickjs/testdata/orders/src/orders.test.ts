import { call, describe, expect, fakeCtx, test } from "@signalbox/sdk/test";
import { accept, rate } from "./orders";
import { round2 } from "./money";

const order = {
  order_id: "ORD-1", currency: "PLN" as const, name: "Ala",
  items: [{ sku: "a", qty: 2, price: 9.95 }, { sku: "b", qty: 1, price: 19.9 }],
};

test("rounds", () => {
  expect(round2(1.005)).toBeCloseTo(1, 1);
});

describe("accept", () => {
  test("prices in EUR", () => {
    const ctx = fakeCtx({ invoke: { "fx.rate": () => ({ rate: 0.25 }) } });
    expect(accept.def.handle(ctx, order)).toEqual({ order_id: "ORD-1", name: "ALA", total: 39.8, total_eur: 9.95 });
    expect(ctx.logs[0]).toMatchObject({ level: "info", message: "order priced" });
  });

  test("uses the real rate", () => {
    const ctx = fakeCtx({ invoke: { "fx.rate": rate } });
    expect(call(accept, order, ctx).total_eur).toBe(9.95);
    expect(ctx.calls.map((c) => c.op)).toEqual(["invoke", "log"]);
  });

  test("refuses what the node would refuse", () => {
    expect(() => call(accept, { ...order, order_id: "7" })).toThrow({ code: "invalid_input", status: 400 });
  });
});

test("knows no rate", () => {
  expect(() => call(rate, { currency: "XXX" })).toThrow({ code: "fx.unknown", status: 422, details: { currency: "XXX" } });
});
