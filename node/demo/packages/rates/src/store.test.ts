import { call, describe, expect, fakeCtx, test } from "@signalbox/sdk/test";
import { store } from "./store";

/** The bank's document as the channel maps it. */
const document = (date: string, ...rates: [currency: string, rate: string][]) => ({
  "gesmes:Envelope": {
    "gesmes:subject": "Reference rates",
    Cube: { Cube: { "@time": date, Cube: rates.map(([currency, rate]) => ({ "@currency": currency, "@rate": rate })) } },
  },
});

/** A database that takes everything, and what it was told. */
function database() {
  const statements: { sql: string; params: object }[] = [];
  const ctx = fakeCtx({ conn: { sql: { "demo.db": (sql, params) => { statements.push({ sql, params }); } } } });
  return { ctx, statements };
}

describe("rates.store", () => {
  test("replaces the rates of the day in one transaction", () => {
    const { ctx, statements } = database();
    expect(call(store, document("2025-11-20", ["USD", "1.1525"], ["PLN", "4.2405"]), ctx)).toEqual({ date: "2025-11-20", stored: 2 });
    expect(ctx.calls.filter((c) => c.op.startsWith("sql.")).map((c) => c.op)).toEqual(["sql.transaction"]);
    expect(statements.map((s) => s.params)).toEqual([
      { date: "2025-11-20" },
      { date: "2025-11-20", currency: "USD", rate: "1.1525" },
      { date: "2025-11-20", currency: "PLN", rate: "4.2405" },
    ]);
    expect(statements[0]!.sql).toMatch(/^DELETE FROM rate WHERE day = :date$/);
  });

  test("takes rates that are numbers above zero and nothing else", () => {
    for (const rate of ["1", "0.5", "19294.35", "0.88075"]) {
      expect(call(store, document("2025-11-20", ["USD", rate]), database().ctx).stored).toBe(1);
    }
    for (const rate of ["0", "0.00", "-1", "1,5", "1e3", "01", "", "1."]) {
      const { ctx, statements } = database();
      expect(() => call(store, document("2025-11-20", ["USD", rate]), ctx)).toThrow({ code: "invalid_input" });
      expect(statements).toHaveLength(0);
    }
  });

  test("refuses a day that is not in the calendar, a currency that is no code, and an empty list", () => {
    expect(() => call(store, document("2025-02-30", ["USD", "1"]), database().ctx)).toThrow({ code: "invalid_input" });
    expect(() => call(store, document("2025-02-20", ["Zloty", "1"]), database().ctx)).toThrow({ code: "invalid_input" });
    expect(() => call(store, document("2025-02-20"), database().ctx)).toThrow({ code: "invalid_input" });
  });

  test("lists every currency that is there again", () => {
    const { ctx, statements } = database();
    expect(() => call(store, document("2025-11-20", ["USD", "1"], ["CHF", "2"], ["USD", "3"], ["CHF", "4"]), ctx)).toThrow({
      code: "invalid_input", status: 400,
      details: [
        { pointer: "/gesmes:Envelope/Cube/Cube/Cube/2/@currency", message: "is USD again; one rate a currency is needed" },
        { pointer: "/gesmes:Envelope/Cube/Cube/Cube/3/@currency", message: "is CHF again; one rate a currency is needed" },
      ],
    });
    expect(statements).toHaveLength(0);
  });
});
