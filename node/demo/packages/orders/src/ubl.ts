import type { Draft } from "./order";
import { Place } from "./place";

/** The namespace of a UBL 2 order. */
export const namespace = "urn:oasis:names:specification:ubl:schema:xsd:Order-2";

/**
 * Reads an Order of UBL 2.1. The channel has given its elements the prefixes cac
 * and cbc, whatever the sender's were. Goods go to the address of delivery, or,
 * where there is none, to the buyer's.
 */
export function fromUBL(order: Place): Draft {
  const buyer = order.at("cac:BuyerCustomerParty", "cac:Party");
  const name = leaf(buyer.at("cac:PartyName", "cbc:Name"));
  const to = addressOf(order.at("cac:Delivery"), buyer.at("cac:PostalAddress"));
  return {
    number: leaf(order.at("cbc:ID")),
    date: leaf(order.at("cbc:IssueDate")),
    currency: leaf(order.at("cbc:DocumentCurrencyCode")),
    buyer: name,
    shipTo: {
      name,
      street: leaf(to.at("cbc:StreetName")),
      city: leaf(to.at("cbc:CityName")),
      postcode: leaf(to.at("cbc:PostalZone")),
      country: leaf(to.at("cac:Country", "cbc:IdentificationCode")),
    },
    lines: order.at("cac:OrderLine"),
    line(at) {
      const item = at.at("cac:LineItem");
      const price = item.at("cac:Price", "cbc:PriceAmount");
      return {
        sku: leaf(item.at("cac:Item", "cac:SellersItemIdentification", "cbc:ID")),
        name: leaf(item.at("cac:Item", "cbc:Name")),
        quantity: leaf(item.at("cbc:Quantity")),
        price: leaf(price),
        currency: price.at("@currencyID"),
        per: leaf(item.at("cac:Price", "cbc:BaseQuantity")),
        total: leaf(item.at("cbc:LineExtensionAmount")),
      };
    },
  };
}

function addressOf(delivery: Place, fallback: Place): Place {
  const places = [delivery.at("cac:DeliveryAddress"), delivery.at("cac:DeliveryLocation", "cac:Address")];
  return places.find((p) => p.value !== undefined) ?? fallback;
}

/** The text of an element; when it has attributes, it is an object with its text in "#text". */
function leaf(element: Place): Place {
  const value = element.value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return element;
  return new Place((value as { "#text"?: string })["#text"], element.pointer);
}
