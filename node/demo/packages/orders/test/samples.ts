/** An order in our own form. */
export const json = () => ({
  number: "PO-1001",
  date: "2025-11-20",
  currency: "USD",
  buyer: "Nordlicht Handels GmbH",
  ship_to: { name: "Nordlicht Handels GmbH", street: "Hafenstraße 7", city: "Bremen", postcode: "28217", country: "DE" },
  lines: [
    { sku: "LAMP-20W", name: "LED lamp 20 W", quantity: "120", price: "12.45" },
    { sku: "CABLE-3X15", name: "Cable 3 × 1.5 mm²", quantity: "35.5", price: "3.00" },
  ],
});

const address = (street: string, city: string, postcode: string) => ({
  "cbc:StreetName": street, "cbc:CityName": city, "cbc:PostalZone": postcode, "cac:Country": { "cbc:IdentificationCode": "DE" },
});

const line = (sku: string, name: string, quantity: string, unit: string, price: string, total: string): any => ({
  "cac:LineItem": {
    "cbc:Quantity": { "@unitCode": unit, "#text": quantity },
    "cbc:LineExtensionAmount": { "@currencyID": "USD", "#text": total },
    "cac:Price": { "cbc:PriceAmount": { "@currencyID": "USD", "#text": price } },
    "cac:Item": { "cbc:Name": name, "cac:SellersItemIdentification": { "cbc:ID": sku } },
  },
});

/** The same order in UBL, as the channel maps it. */
export const ubl = (): any => ({
  "ubl:Order": {
    "cbc:UBLVersionID": "2.1",
    "cbc:ID": "PO-1001",
    "cbc:IssueDate": "2025-11-20",
    "cbc:DocumentCurrencyCode": { "@listID": "ISO4217", "#text": "USD" },
    "cac:BuyerCustomerParty": {
      "cac:Party": {
        "cac:PartyName": { "cbc:Name": "Nordlicht Handels GmbH" },
        "cac:PostalAddress": address("Am Sandtorkai 30", "Hamburg", "20457"),
      },
    },
    "cac:Delivery": { "cac:DeliveryAddress": address("Hafenstraße 7", "Bremen", "28217") },
    "cac:OrderLine": [
      line("LAMP-20W", "LED lamp 20 W", "120", "C62", "12.45", "1494.00"),
      line("CABLE-3X15", "Cable 3 × 1.5 mm²", "35.5", "MTR", "3.00", "106.50"),
    ],
  },
});
