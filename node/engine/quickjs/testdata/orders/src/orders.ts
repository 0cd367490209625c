import { service, t, ServiceError } from "@signalbox/sdk";
import { round2 } from "./money";

const Item = t.object({ sku: t.string(), qty: t.int({ minimum: 1 }), price: t.number() });
const In = t.object({
  order_id: t.string({ pattern: "^ORD-" }),
  currency: t.enum("PLN", "EUR", "USD"),
  name: t.string(),
  items: t.array(Item),
  note: t.optional(t.string()),
});
const Out = t.object({ order_id: t.string(), name: t.string(), total: t.number(), total_eur: t.number() });

const rates: Record<string, number> = { PLN: 0.25, EUR: 1 };

export const rate = service({
  name: "fx.rate",
  input: t.object({ currency: t.string() }),
  output: t.object({ rate: t.number() }),
  handle(_ctx, { currency }) {
    const hit = rates[currency];
    if (hit === undefined) throw new ServiceError("fx.unknown", `no rate for ${currency}`, 422, { currency });
    return { rate: hit };
  },
});

export const accept = service({
  name: "order.accept",
  doc: "Accepts an order and prices it in EUR.",
  input: In,
  output: Out,
  timeout: "2s",
  handle(ctx, o) {
    const total = round2(o.items.reduce((s, i) => s + round2(i.qty * i.price), 0));
    const r = ctx.invoke(rate, { currency: o.currency }).rate;
    ctx.log.info("order priced", { order: o.order_id, total });
    return { order_id: o.order_id, name: o.name.toUpperCase(), total, total_eur: round2(total * r) };
  },
});
