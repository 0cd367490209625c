import { decimal } from "@signalbox/sdk";
import { Faults } from "./faults";
import type { Place } from "./place";

/** An order as the rest of the package knows it, whatever it came as. Amounts are decimal texts. */
export interface Order {
  number: string;
  date: string;
  currency: string;
  buyer: string;
  shipTo: Address;
  lines: Line[];
  total: string;
}

export interface Address {
  name: string;
  street: string;
  city: string;
  postcode: string;
  country: string;
}

export interface Line {
  sku: string;
  name: string;
  quantity: string;
  price: string;
  total: string;
}

/** An order that was read but not checked: where each value stands in its document. */
export interface Draft {
  number: Place;
  date: Place;
  currency: Place;
  buyer: Place;
  shipTo: { [K in keyof Address]: Place };
  lines: Place;
  line(at: Place): DraftLine;
}

export interface DraftLine {
  sku: Place;
  name: Place;
  quantity: Place;
  price: Place;
  /** What the price is in; left out: the order's currency. */
  currency?: Place;
  /** How many pieces the price is for; left out: one. */
  per?: Place;
  /** What the sender says quantity times price is. */
  total?: Place;
}

const maxLines = 200;
const currencyCode = /^[A-Z]{3}$/;
const words = /^[^\p{Cc}]{1,200}$/u;
const aText = "a text of at most 200 characters";
const amount = /^(0|[1-9]\d{0,8})(\.\d{1,6})?$/;
const moreThanZero = /^(?=.*[1-9])(0|[1-9]\d{0,8})(\.\d{1,6})?$/;

/** Makes an order of a draft, or refuses it with every fault in it. */
export function check(draft: Draft): Order {
  const faults = new Faults();
  const currency = faults.text(draft.currency, currencyCode, "a currency code such as USD");
  const order = {
    number: faults.text(draft.number, /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, "an order number such as PO-1001"),
    date: faults.day(draft.date),
    currency,
    buyer: faults.text(draft.buyer, words, aText),
    shipTo: {
      name: faults.text(draft.shipTo.name, words, aText),
      street: faults.text(draft.shipTo.street, words, aText),
      city: faults.text(draft.shipTo.city, words, aText),
      postcode: faults.text(draft.shipTo.postcode, words, aText),
      country: faults.text(draft.shipTo.country, /^[A-Z]{2}$/, "a country code such as DE"),
    },
    lines: draft.lines.items().slice(0, maxLines).map((at) => checkLine(draft.line(at), currency, faults)),
  };
  const count = draft.lines.items().length;
  if (count < 1 || count > maxLines) faults.add(draft.lines, `has ${count} lines; 1 to ${maxLines} are needed`);
  faults.refuse("the order");
  return { ...order, total: decimal.sum(order.lines.map((l) => l.total)) };
}

/** A line's total is quantity times price to 2 places, half up, as invoices have it. */
function checkLine(draft: DraftLine, currency: string, faults: Faults): Line {
  const line = {
    sku: faults.text(draft.sku, words, "an article number"),
    name: faults.text(draft.name, words, aText),
    quantity: faults.text(draft.quantity, moreThanZero, "a number above 0 such as 12 or 2.5"),
    price: faults.text(draft.price, amount, "an amount such as 12.50"),
  };
  if (draft.currency && currency !== "" && line.price !== "") {
    const stated = faults.text(draft.currency, currencyCode, currency);
    if (stated !== "" && stated !== currency) faults.add(draft.currency, `is ${stated}; ${currency} is needed, as in the whole order`);
  }
  if (draft.per?.value !== undefined) {
    const pieces = faults.text(draft.per, moreThanZero, "1");
    if (pieces !== "" && !decimal.equal(pieces, "1")) faults.add(draft.per, `is ${pieces}; prices for one piece are needed`);
  }
  if (line.quantity === "" || line.price === "") return { ...line, total: "" };
  const total = decimal.round(decimal.mul(line.quantity, line.price), 2, "half_up");
  if (draft.total?.value !== undefined) {
    const stated = faults.text(draft.total, amount, "an amount such as 12.50");
    if (stated !== "" && !decimal.equal(stated, total)) {
      faults.add(draft.total, `is ${stated}; ${line.quantity} × ${line.price} is ${total}`);
    }
  }
  return { ...line, total };
}
