import { ServiceError, decimal, xml } from "@signalbox/sdk";
import { call, expect, fakeCtx, test, type Fakes } from "@signalbox/sdk/test";
import { all, document } from "./index";

const fakes: Fakes = {
  user: { security: "partners", name: "acme" },
  http: { query: { page: "3" } },
  settings: { greeting: "hi" },
  remaining: 5,
  invoke: { "kit.price": async (input: { no: string }) => ({ amount: input.no + "!" }) },
  conn: {
    http: { crm: (r) => ({ status: r.timeoutMs === 10 && r.method === "POST" && r.params?.["no"] === "K1" ? 202 : 500 }) },
    sql: { erp: (sql, params) => (sql.startsWith("select no") ? (params["name"] === "Ala" ? [{ no: "K1" }] : []) : sql.startsWith("select") ? [{ n: 1 }] : { affected: 3 }) },
  },
  host: { "random.uuid": () => "0000" },
};

test("fakes everything", () => {
  const ctx = fakeCtx(fakes);
  expect(call(all, { name: "Ala" }, ctx)).toEqual({ text: "K1 3 1 202 K1! acme 3 hi 2 5" });
  expect(ctx.reply).toEqual({ status: 201, headers: { Location: "/x" }, contentType: "text/plain", text: "made" });
  expect(ctx.logs).toEqual([{ level: "info", message: "all", fields: { id: "0000" } }]);
  expect(ctx.calls.map((c) => c.op)).toEqual(["sql.one", "sql.transaction", "http.request", "parallel", "log", "respond", "remaining"]);
});

test("errors pass", () => {
  expect(() => call(all, { name: "Ola" }, fakeCtx(fakes))).toThrow({ code: "kit.unknown", status: 404 });
  expect(() => call(all, { name: "Ola" }, fakeCtx(fakes))).toThrow("kit.unknown");
  expect(() => call(all, { name: "Ola" }, fakeCtx(fakes))).toThrow(/^no Ola$/);
  expect(() => call(all, { name: "Ola" }, fakeCtx(fakes))).toThrow(ServiceError);
  expect(() => call(all, { name: "Ala" }, fakeCtx(fakes))).not.toThrow();
});

test("the library is the real one", () => {
  expect(call(document, "<a><b>1</b></a>")).toEqual({ a: { b: "1" } });
  expect(decimal.round("2.345", 2)).toBe("2.34");
  expect(() => xml.parse("<a")).toThrow(ServiceError);
});

test("expectations hold and fail", () => {
  const fails = (f: () => void): void => expect(f).toThrow(/^expected/);
  expect(1).toBe(1); fails(() => expect(1).toBe("1")); fails(() => expect(1).not.toBe(1));
  expect(NaN).toBe(NaN); fails(() => expect(0).toBe(-0));
  expect({ a: 1, b: undefined }).toEqual({ a: 1 }); fails(() => expect({ a: 1, b: 2 }).toEqual({ a: 1 }));
  expect([1, [2]]).toEqual([1, [2]]); fails(() => expect([1]).toEqual([1, 2])); fails(() => expect([1]).toEqual({ 0: 1 }));
  expect(new Date(0)).toEqual(new Date(0)); fails(() => expect(new Date(0)).toEqual(new Date(1)));
  expect(new Map([[1, { a: 1 }]])).toEqual(new Map([[1, { a: 1 }]])); fails(() => expect(new Set([1])).toEqual(new Set([2])));
  const loop: { self?: object } = {}; loop.self = loop; expect(loop).toEqual(loop);
  expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } }); fails(() => expect({ a: 1 }).toMatchObject({ a: 2 }));
  expect("hello").toMatch(/^h/); expect("hello").toMatch("ell"); fails(() => expect("hello").toMatch(/x/)); fails(() => expect(1).toMatch(/1/));
  expect([{ a: 1 }]).toContain({ a: 1 }); expect("abc").toContain("b"); fails(() => expect([1]).toContain(2));
  expect(0.1 + 0.2).toBeCloseTo(0.3); fails(() => expect(0.31).toBeCloseTo(0.3)); expect(0.31).toBeCloseTo(0.3, 1);
  expect(null).toBeNull(); expect(undefined).toBeUndefined(); expect(0).toBeDefined(); fails(() => expect(0).toBeNull());
  expect(1).toBeTruthy(); expect("").toBeFalsy(); fails(() => expect("").toBeTruthy());
  expect(2).toBeGreaterThan(1); expect(2).toBeGreaterThanOrEqual(2); expect(1).toBeLessThan(2); expect(2).toBeLessThanOrEqual(2);
  fails(() => expect(1).toBeGreaterThan(1)); fails(() => expect("ab").toHaveLength(3)); expect([1, 2]).toHaveLength(2);
  expect(new TypeError("x")).toBeInstanceOf(Error); fails(() => expect({}).toBeInstanceOf(Error));
  fails(() => expect(() => 1).toThrow()); fails(() => expect(() => { throw new Error("a"); }).toThrow("b"));
  expect(() => expect(1 as unknown).toThrow()).toThrow("needs a function");
});
