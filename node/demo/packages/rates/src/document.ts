import { t } from "@signalbox/sdk";

/** A currency code of ISO 4217. */
export const Currency = t.string({ pattern: /^[A-Z]{3}$/, doc: "Currency code, such as USD" });

const Rate = t.object({
  "@currency": Currency,
  "@rate": t.string({
    pattern: /^([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)$/, maxLength: 20,
    doc: "How much of the currency one euro is; more than 0",
  }),
});

/**
 * The bank's document as the channel hands it over: attributes begin with @. The
 * node checks it before our code runs and answers 400 with every fault at once.
 */
export const Document = t.object({
  "gesmes:Envelope": t.object({
    Cube: t.object({
      Cube: t.object({ "@time": t.date(), Cube: t.array(Rate, { minItems: 1, maxItems: 200 }) }),
    }),
  }, { additional: true }), // who sent it and under which subject is of no use to us
});
