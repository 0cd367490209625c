import { call, describe, expect, fakeCtx, test } from "@signalbox/sdk/test";
import { convert } from "./convert";

const rates: { [currency: string]: string } = { USD: "1.1525", PLN: "4.2405", JPY: "181.47", CHF: "0.9291" };

/** A database with the rates of a day; null for one without any. */
const on = (day: string | null) => fakeCtx({
  conn: {
    sql: {
      "demo.db": (sql, { from, to }) => sql.includes("max(day)")
        ? [{ day }]
        : Object.keys(rates).filter((c) => c === from || c === to).map((currency) => ({ currency, rate: rates[currency] })),
    },
  },
});

const ask = (from: string, to: string, amount: string) => call(convert, { from, to, amount }, on("2025-11-20"));

describe("rates.convert", () => {
  test("goes over the euro", () => {
    expect(ask("USD", "PLN", "10")).toEqual({ from: "USD", to: "PLN", amount: "10", rate: "3.679393", result: "36.79", date: "2025-11-20" });
  });

  test("knows the euro itself", () => {
    expect(ask("EUR", "USD", "100")).toMatchObject({ rate: "1.152500", result: "115.25" });
    expect(ask("USD", "EUR", "115.25")).toMatchObject({ result: "100.00" });
    expect(ask("EUR", "EUR", "0.10")).toMatchObject({ rate: "1.000000", result: "0.10" });
  });

  test("is exact where numbers of JavaScript are not", () => {
    expect(0.1 + 0.2).not.toBe(0.3);
    expect(ask("PLN", "PLN", "0.3").result).toBe("0.30");
    expect(ask("JPY", "JPY", "123456789012345678.91").result).toBe("123456789012345678.91");
  });

  test("rounds half to even", () => {
    expect(ask("EUR", "EUR", "0.125").result).toBe("0.12");
    expect(ask("EUR", "EUR", "0.135").result).toBe("0.14");
    expect(ask("EUR", "EUR", "-0.125").result).toBe("-0.12");
  });

  test("says which currencies it does not know", () => {
    expect(() => ask("XXX", "PLN", "1")).toThrow({ code: "rates.unknown_currency", status: 422, details: { currencies: ["XXX"], date: "2025-11-20" } });
    expect(() => ask("XXX", "XXX", "1")).toThrow({ details: { currencies: ["XXX"], date: "2025-11-20" } });
    expect(() => ask("YYY", "XXX", "1")).toThrow({ details: { currencies: ["YYY", "XXX"], date: "2025-11-20" } });
  });

  test("says how to send rates when there are none", () => {
    expect(() => call(convert, { from: "USD", to: "PLN", amount: "1" }, on(null))).toThrow({ code: "rates.none", status: 409 });
    expect(() => call(convert, { from: "USD", to: "PLN", amount: "1" }, on(null))).toThrow("ecb-rates.xml");
  });

  test("refuses what is no currency and no amount", () => {
    expect(() => ask("usd", "PLN", "1")).toThrow({ code: "invalid_input" });
    for (const amount of ["ten", "1,5", "", "1e9", "0.1234567", "1".repeat(25)]) expect(() => ask("USD", "PLN", amount)).toThrow({ code: "invalid_input" });
  });
});
