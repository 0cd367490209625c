import { decimal, service, ServiceError, t } from "@signalbox/sdk";
import { Currency } from "./document";

/** A text, because numbers of JavaScript cannot hold 0.1 exactly. */
const Amount = t.string({ pattern: /^-?(0|[1-9][0-9]{0,23})(\.[0-9]{1,6})?$/, doc: "Amount, such as 12.50" });

/**
 * Converts an amount at the newest stored rates, over the euro. The calculation
 * is exact; only its end is rounded, half to even: the result to 2 places, the
 * rate that is shown to 6.
 */
export const convert = service({
  name: "rates.convert",
  doc: "Converts an amount from one currency to another at the newest reference rates.",
  input: t.object({ from: Currency, to: Currency, amount: Amount }),
  output: t.object({ from: Currency, to: Currency, amount: Amount, rate: t.decimal(), result: t.decimal(), date: t.date() }),

  handle(ctx, { from, to, amount }) {
    const db = ctx.conn.sql("demo.db");
    const date = db.one<{ day: string | null }>("SELECT max(day) AS day FROM rate")?.day;
    if (!date) throw new ServiceError("rates.none", noRates, 409);

    const rows = db.query<{ currency: string; rate: string }>(
      "SELECT currency, rate FROM rate WHERE day = :date AND currency IN (:from, :to)", { date, from, to });
    const perEuro = new Map(rows.map((r) => [r.currency, r.rate])).set("EUR", "1");

    const unknown = [...new Set([from, to])].filter((currency) => !perEuro.has(currency));
    if (unknown.length > 0) {
      throw new ServiceError("rates.unknown_currency",
        `there is no reference rate of ${unknown.join(" and ")} for ${date}`, 422, { currencies: unknown, date });
    }
    const [fromRate, toRate] = [perEuro.get(from)!, perEuro.get(to)!];
    return {
      from, to, amount, date,
      rate: decimal.div(toRate, fromRate, 6),
      result: decimal.div(decimal.mul(amount, toRate), fromRate, 2),
    };
  },
});

const noRates = "there are no rates yet; send them first: curl -H 'Content-Type: application/xml' " +
  "--data-binary @node/demo/samples/ecb-rates.xml http://127.0.0.1:11223/demo/rates";
