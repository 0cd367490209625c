import { host } from "../host";

/** The parts of an address. */
export interface UrlParts {
  readonly scheme: string;
  /** Without the password. */
  readonly user: string;
  /** Without the port. */
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: FormValues;
  readonly fragment: string;
}

/** Values by name; a name that is repeated has a list. */
export type FormValues = { [name: string]: string | string[] };

/** Addresses. */
export const url = {
  /** Escapes a text for a query, or for one step of a path. */
  encode: (text: string, part: "query" | "path" = "query"): string => host<string>("url.encode", { text, part }),
  /** The way back of `encode`. */
  decode: (text: string, part: "query" | "path" = "query"): string => host<string>("url.decode", { text, part }),
  /** Takes an address apart. */
  parse: (address: string): UrlParts => host<UrlParts>("url.parse", { url: address }),
};

/** Forms as text: `a=1&b=2`. */
export const form = {
  /** Reads a form. */
  parse: (text: string): FormValues => host<FormValues>("form.parse", { text }),
  /** Writes a form. */
  format: (values: { [name: string]: string | number | boolean | readonly (string | number | boolean)[] }): string =>
    host<string>("form.format", { values }),
};
