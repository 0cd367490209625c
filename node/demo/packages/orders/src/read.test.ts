import { ServiceError } from "@signalbox/sdk";
import { describe, expect, test } from "@signalbox/sdk/test";
import { readOrder } from "./read";
import { json, ubl } from "../test/samples";

/** Where readOrder finds faults, and what it says of them. */
function faults(body: unknown, contentType?: string): { [pointer: string]: string } {
  try {
    readOrder(body, contentType);
  } catch (error) {
    if (!ServiceError.is(error, "invalid_input") || error.status !== 400) throw error;
    const list = error.details as { pointer: string; message: string }[];
    return Object.fromEntries(list.map(({ pointer, message }) => [pointer, message]));
  }
  return {};
}

describe("an order in UBL", () => {
  test("becomes the same as in JSON", () => {
    expect(readOrder(ubl())).toEqual(readOrder(json()));
  });

  test("goes to the buyer when no address of delivery is given", () => {
    const doc = ubl();
    delete doc["ubl:Order"]["cac:Delivery"];
    expect(readOrder(doc).shipTo).toMatchObject({ street: "Am Sandtorkai 30", city: "Hamburg" });
  });

  test("has every fault listed with its place", () => {
    const doc = ubl();
    const order = doc["ubl:Order"];
    delete order["cbc:ID"];
    order["cbc:IssueDate"] = "20.11.2025";
    const [first, second] = order["cac:OrderLine"];
    first["cac:LineItem"]["cbc:LineExtensionAmount"] = { "@currencyID": "USD", "#text": "1500.00" };
    first["cac:LineItem"]["cac:Price"]["cbc:PriceAmount"] = { "@currencyID": "EUR", "#text": "12.45" };
    second["cac:LineItem"]["cac:Price"] = { "cbc:PriceAmount": { "@currencyID": "USD", "#text": "3.00" }, "cbc:BaseQuantity": "100" };
    delete second["cac:LineItem"]["cac:Item"]["cac:SellersItemIdentification"];
    const line = (n: number, rest: string) => `/ubl:Order/cac:OrderLine/${n}/cac:LineItem/${rest}`;
    expect(faults(doc)).toEqual({
      "/ubl:Order/cbc:ID": "is missing; an order number such as PO-1001 is needed",
      "/ubl:Order/cbc:IssueDate": 'is "20.11.2025"; a day such as 2025-11-20 is needed',
      [line(0, "cac:Price/cbc:PriceAmount/@currencyID")]: "is EUR; USD is needed, as in the whole order",
      [line(0, "cbc:LineExtensionAmount")]: "is 1500.00; 120 × 12.45 is 1494.00",
      [line(1, "cac:Price/cbc:BaseQuantity")]: "is 100; prices for one piece are needed",
      [line(1, "cac:Item/cac:SellersItemIdentification/cbc:ID")]: "is missing; an article number is needed",
    });
  });
});

describe("an order in JSON", () => {
  test("has amounts that are exact", () => {
    const order = readOrder(json());
    expect(order.lines.map((l) => l.total)).toEqual(["1494.00", "106.50"]);
    expect(order.total).toBe("1600.50");
  });

  test("has totals rounded half up, to cents", () => {
    const one = (quantity: unknown, price: unknown) => readOrder({ ...json(), lines: [{ ...json().lines[0], quantity, price }] }).total;
    expect(one("1", "0.125")).toBe("0.13");
    expect(one(3, 0.335)).toBe("1.01");
    expect(one("0.5", "0.01")).toBe("0.01");
  });

  test("may have numbers as numbers", () => {
    const texts = json();
    const numbers = { ...texts, lines: texts.lines.map((l) => ({ ...l, quantity: Number(l.quantity), price: Number(l.price) })) };
    expect(readOrder(numbers).total).toBe(readOrder(texts).total);
  });

  test("is refused when nothing is right", () => {
    const nothing = Object.keys(faults(null));
    expect(nothing).toHaveLength(10);
    expect(faults({ lines: {} })["/lines"]).toBe("has 0 lines; 1 to 200 are needed");
    for (const body of [[], 1, "order", true]) expect(Object.keys(faults(body))).toEqual(nothing);
  });

  test("is refused for values of the wrong form", () => {
    const wrong = (change: object) => Object.keys(faults({ ...json(), ...change }));
    expect(wrong({ number: "PO 1!" })).toEqual(["/number"]);
    expect(wrong({ number: { $ne: "" } })).toEqual(["/number"]);
    expect(wrong({ date: "2025-11-31" })).toEqual(["/date"]);
    expect(wrong({ currency: "usd" })).toEqual(["/currency"]);
    expect(wrong({ buyer: "x".repeat(201) })).toEqual(["/buyer"]);
    expect(wrong({ buyer: "line\nbreak" })).toEqual(["/buyer"]);
    expect(wrong({ ship_to: { ...json().ship_to, country: "Germany" } })).toEqual(["/ship_to/country"]);
    expect(wrong({ lines: Array(201).fill(json().lines[0]) })).toEqual(["/lines"]);
    for (const quantity of [0, -1, "0.00", "two", 1e21, "1e3", null, [1]]) {
      expect(wrong({ lines: [{ ...json().lines[0], quantity }] })).toEqual(["/lines/0/quantity"]);
    }
  });
});

test("another XML document is refused by its root, not by what it lacks", () => {
  expect(Object.keys(faults({ "{urn:x}Invoice": {} }, "application/xml; charset=utf-8"))).toEqual([""]);
  expect(faults({ Order: {} }, "text/xml")[""]).toMatch("namespace");
});
