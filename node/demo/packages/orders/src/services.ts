import { date, service, ServiceError, t } from "@signalbox/sdk";
import { book, statusOf } from "./partner";
import { readOrder } from "./read";
import { fingerprint, find, insert, linesOf, newest, type Row, view } from "./table";

declare module "@signalbox/sdk" {
  interface Settings {
    readonly database: string;
    readonly partner: string;
  }
  interface Services {
    "rates.convert": { input: { from: string; to: string; amount: string }; output: { result: string; date: string } };
  }
}

const Shipment = t.object({ id: t.string(), eta: t.date(), status: t.optional(t.string()) });
const Line = t.object({ sku: t.string(), name: t.string(), quantity: t.decimal(), price: t.decimal(), total: t.decimal() });
const OrderView = t.object({
  id: t.string(), ordered_on: t.date(), buyer: t.string(), currency: t.string(), total: t.decimal(),
  total_eur: t.decimal(), rate_date: t.date(), shipment: Shipment, lines: t.array(Line),
});

/**
 * Takes an order once. Its number is its identity: the same order again is
 * answered 200 with the same Location and changes nothing, another order with
 * that number is refused with 409.
 */
export const create = service({
  name: "orders.create",
  doc: "Takes an order (UBL 2.1 or JSON), prices it in euro, has the partner ship it and stores it.",
  output: OrderView,
  timeout: "20s",

  handle(ctx, body) {
    const order = readOrder(body, ctx.http?.headers["content-type"]);
    const print = fingerprint(order);
    const known = find(ctx, order.number);
    if (known) return again(known);

    const priced = ctx.invoke("rates.convert", { from: order.currency, to: "EUR", amount: order.total });
    const shipment = book(ctx, order);
    const row: Row = {
      id: order.number, ordered_on: order.date, buyer: order.buyer, currency: order.currency,
      total: order.total, total_eur: priced.result, rate_day: priced.date,
      shipment_id: shipment.id, eta: shipment.eta, fingerprint: print, created_at: date.now(),
    };
    if (!insert(ctx, row, order.lines)) return again(find(ctx, order.number)!); // sent twice at one time
    ctx.log.info("order taken", { order: row.id, total_eur: row.total_eur, shipment: row.shipment_id });
    ctx.respond({ status: 201, headers: { Location: locationOf(row.id) } });
    return view(row, order.lines);

    function again(row: Row) {
      if (row.fingerprint !== print) {
        throw new ServiceError("orders.number_taken", `there is another order with the number ${row.id}`, 409);
      }
      ctx.respond({ status: 200, headers: { Location: locationOf(row.id) } });
      return view(row, linesOf(ctx, row.id));
    }
  },
});

export const get = service({
  name: "orders.get",
  doc: "Shows an order and what the partner says of its shipment.",
  input: t.object({ id: t.string() }),
  output: OrderView,

  handle(ctx, { id }) {
    const row = find(ctx, id);
    if (!row) throw new ServiceError("orders.not_found", "there is no such order", 404);
    const order = view(row, linesOf(ctx, id));
    return { ...order, shipment: { ...order.shipment, status: statusOf(ctx, order.shipment.id) } };
  },
});

export const list = service({
  name: "orders.list",
  doc: "Lists the newest orders.",
  input: t.object({ limit: t.default(t.int({ minimum: 1, maximum: 100 }), 20) }), // ?limit=5 comes as the number that we want
  output: t.object({
    orders: t.array(t.object({
      id: t.string(), ordered_on: t.date(), buyer: t.string(), total_eur: t.decimal(), href: t.string(),
    })),
  }),

  handle(ctx, { limit }) {
    const orders = newest(ctx, limit).map(({ id, ordered_on, buyer, total_eur }) =>
      ({ id, ordered_on, buyer, total_eur, href: locationOf(id) }));
    return { orders };
  },
});

const locationOf = (id: string): string => "/demo/orders/" + encodeURIComponent(id);
