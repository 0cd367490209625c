import { service, ServiceError, t } from "@signalbox/sdk";
import { Document } from "./document";

/**
 * Stores the reference rates of one day. Sending a day again replaces it, so a
 * sender who is not sure whether a message arrived simply repeats it.
 */
export const store = service({
  name: "rates.store",
  doc: "Stores the European Central Bank's reference rates of a day.",
  input: Document,
  output: t.object({ date: t.date(), stored: t.int() }),

  handle(ctx, input) {
    const { "@time": date, Cube: list } = input["gesmes:Envelope"].Cube.Cube;
    const rates = list.map((r) => ({ currency: r["@currency"], rate: r["@rate"] }));
    refuseRepeats(rates.map((r) => r.currency));

    ctx.conn.sql("demo.db").transaction([ // all of it or nothing
      { sql: "DELETE FROM rate WHERE day = :date", params: { date } },
      ...rates.map((r) => ({
        sql: "INSERT INTO rate (day, currency, rate) VALUES (:date, :currency, :rate)",
        params: { date, ...r },
      })),
    ]);
    ctx.log.info("rates stored", { date, stored: rates.length });
    return { date, stored: rates.length };
  },
});

/** What a schema cannot say: each currency may be there once. */
function refuseRepeats(currencies: string[]): void {
  const faults = currencies
    .map((currency, i) => ({
      pointer: `/gesmes:Envelope/Cube/Cube/Cube/${i}/@currency`,
      message: `is ${currency} again; one rate a currency is needed`,
      again: currencies.indexOf(currency) < i,
    }))
    .filter((fault) => fault.again)
    .map(({ pointer, message }) => ({ pointer, message }));
  if (faults.length > 0) {
    throw new ServiceError("invalid_input", "a currency is in the document more than once", 400, faults);
  }
}
