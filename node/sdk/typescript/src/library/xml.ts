import { host } from "../host";
import { type Data, dataArgs } from "./data";

/** How a document is mapped to objects. */
export interface XmlOptions {
  /** "keep" names as written (the default), "strip" their prefixes, or map your own prefixes to namespaces. */
  namespaces?: "keep" | "strip" | { [prefix: string]: string };
  /** Names of elements that are always lists, also when there is only one. */
  arrays?: string[];
  /** Keep the order of mixed content. */
  preserve?: boolean;
  /** Trim blanks around text. */
  trim?: boolean;
}

/** How a document is written. */
export interface XmlFormatOptions {
  /** Name of the root element, when the value is not an object with one key. */
  root?: string;
  /** Name of the elements of a list at the top; "item" when left out. */
  item?: string;
  /** Namespaces to declare at the root, by prefix. */
  namespaces?: { [prefix: string]: string };
  /** Begin with `<?xml …?>`. */
  declaration?: boolean;
  /** Blanks a level; 0 writes one line. */
  indent?: number;
}

/** XML to objects and back, and XPath. */
export const xml = {
  /** Maps a document to an object with one key, the root element. */
  parse<T = any>(data: Data, options: XmlOptions = {}): T {
    return host<T>("xml.parse", { ...dataArgs(data), ...options });
  },

  /** Writes an object as XML, the way back of `parse`. */
  format(value: unknown, options: XmlFormatOptions = {}): string {
    return host<string>("xml.format", { value, ...options });
  },

  /** Evaluates an XPath 1.0 expression: a text, number or boolean as it gives, or the list of values of the nodes found. */
  xpath<T = any>(data: Data, expr: string, options: XmlOptions = {}): T {
    return host<T>("xml.xpath", { ...dataArgs(data), expr, ...options });
  },

  /** The value of the first node that an XPath expression finds; null when there is none. */
  first<T = any>(data: Data, expr: string, options: XmlOptions = {}): T | null {
    return host<T | null>("xml.xpath", { ...dataArgs(data), expr, first: true, ...options });
  },
};
