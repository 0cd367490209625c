import { ServiceError } from "@signalbox/sdk";
import { fromJSON } from "./json";
import { check, type Order } from "./order";
import { Place } from "./place";
import { fromUBL, namespace } from "./ubl";

/** Reads an order from a body in XML or JSON; a bad one is refused with every fault. */
export function readOrder(body: unknown, contentType = ""): Order {
  const doc = new Place(body);
  const ubl = doc.at("ubl:Order");
  if (ubl.value !== undefined) return check(fromUBL(ubl));
  if (/\bxml\b/.test(contentType)) {
    throw new ServiceError("invalid_input", "the document is not an order", 400,
      [{ pointer: "", message: `the root element Order of the namespace ${namespace} is needed` }]);
  }
  return check(fromJSON(doc));
}
