import { type Ctx, ServiceError } from "@signalbox/sdk";
import type { Order } from "./order";

/** A shipment at the partner. */
export interface Shipment {
  id: string;
  eta: string;
  status?: string;
}

const partner = (ctx: Ctx) => ctx.conn.http(ctx.settings.partner);

/**
 * Books the shipment of an order. The partner books a reference once, so the
 * request bears repeating; the Idempotency-Key says so to the node, which then
 * retries it as it would a GET.
 */
export function book(ctx: Ctx, order: Order): Shipment {
  const answer = partner(ctx).post("/v1/shipments", {
    headers: { "Idempotency-Key": order.number },
    retry: true,
    json: {
      reference: order.number,
      ship_to: order.shipTo,
      items: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
    },
  });
  if (answer.ok) return { id: answer.json.shipment_id, eta: answer.json.eta };
  ctx.log.warn("the partner did not book a shipment", { order: order.number, status: answer.status, answer: answer.json });
  if (answer.status >= 500) {
    throw new ServiceError("orders.partner_failed", "the partner cannot take orders now; nothing was stored, send the order again later", 503);
  }
  throw new ServiceError("orders.partner_refused", "the partner refused the order; nothing was stored", 502);
}

/** The partner's word on a shipment. When it cannot be had, the order is shown without it. */
export function statusOf(ctx: Ctx, id: string): string {
  try {
    const answer = partner(ctx).get("/v1/shipments/{id}", { params: { id }, timeoutMs: 3000 });
    if (answer.ok) return answer.json.status;
  } catch (error) {
    if (!ServiceError.is(error, "outgoing_failed", "outgoing_down", "timeout")) throw error;
  }
  return "unknown";
}
