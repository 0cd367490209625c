import { type Ctx, hash, ServiceError } from "@signalbox/sdk";
import type { Line, Order } from "./order";
import type { Shipment } from "./partner";

/** A row of the table orders. */
export interface Row {
  id: string;
  ordered_on: string;
  buyer: string;
  currency: string;
  total: string;
  total_eur: string;
  rate_day: string;
  shipment_id: string;
  eta: string;
  fingerprint: string;
  created_at: string;
}

const db = (ctx: Ctx) => ctx.conn.sql(ctx.settings.database);

export function find(ctx: Ctx, id: string): Row | null {
  return db(ctx).one<Row>("SELECT * FROM orders WHERE id = :id", { id });
}

export function linesOf(ctx: Ctx, id: string): Line[] {
  return db(ctx).query<Line>(
    "SELECT sku, name, quantity, price, total FROM order_line WHERE order_id = :id ORDER BY line", { id });
}

export function newest(ctx: Ctx, limit: number): Row[] {
  return db(ctx).query<Row>("SELECT * FROM orders ORDER BY created_at DESC, id LIMIT :limit", { limit });
}

/** Stores an order and its lines, or nothing. False when its number was taken meanwhile. */
export function insert(ctx: Ctx, row: Row, lines: Line[]): boolean {
  try {
    db(ctx).transaction([
      {
        sql: `INSERT INTO orders (id, ordered_on, buyer, currency, total, total_eur, rate_day, shipment_id, eta, fingerprint, created_at)
              VALUES (:id, :ordered_on, :buyer, :currency, :total, :total_eur, :rate_day, :shipment_id, :eta, :fingerprint, :created_at)`,
        params: { ...row },
      },
      ...lines.map((line, i) => ({
        sql: `INSERT INTO order_line (order_id, line, sku, name, quantity, price, total)
              VALUES (:id, :number, :sku, :name, :quantity, :price, :total)`,
        params: { id: row.id, number: i + 1, ...line },
      })),
    ]);
    return true;
  } catch (error) {
    if (ServiceError.is(error, "sql_failed") && (error.details as { constraint?: string }).constraint === "unique") return false;
    throw error;
  }
}

/** Tells whether two orders of one number say the same, whatever format they came in. */
export function fingerprint(order: Order): string {
  return hash("sha256", JSON.stringify(order));
}

/** What callers see of an order. */
export function view(row: Row, lines: Line[]) {
  const { shipment_id, eta, rate_day, fingerprint: _, created_at: __, ...rest } = row;
  const shipment: Shipment = { id: shipment_id, eta };
  return { ...rest, rate_date: rate_day, shipment, lines };
}
