import type { Draft } from "./order";
import type { Place } from "./place";

/** Reads our own form of an order, in JSON. */
export function fromJSON(doc: Place): Draft {
  const to = doc.at("ship_to");
  return {
    number: doc.at("number"),
    date: doc.at("date"),
    currency: doc.at("currency"),
    buyer: doc.at("buyer"),
    shipTo: {
      name: to.at("name"), street: to.at("street"), city: to.at("city"),
      postcode: to.at("postcode"), country: to.at("country"),
    },
    lines: doc.at("lines"),
    line: (at) => ({
      sku: at.at("sku"), name: at.at("name"), quantity: at.at("quantity"),
      price: at.at("price"), total: at.at("total"),
    }),
  };
}
