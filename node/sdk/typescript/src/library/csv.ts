import { host } from "../host";
import { type Data, dataArgs } from "./data";

/** How CSV is read. */
export interface CsvOptions {
  /** Between the fields; "," when left out. */
  delimiter?: string;
  /** Whether the first line has the names of the columns; true when left out. */
  header?: boolean;
  /** Names of the columns, in place of the header's. */
  columns?: string[];
  /** Lines that begin with this character are left out. */
  comment?: string;
  /** Take quotes inside of fields that are not quoted. */
  lazyQuotes?: boolean;
  /** Trim blanks around fields. */
  trim?: boolean;
  /** Character set of bytes; "utf-8" when left out. */
  charset?: string;
}

/** How CSV is written. */
export interface CsvFormatOptions {
  /** Between the fields; "," when left out. */
  delimiter?: string;
  /** Whether the first line has the names of the columns; true when left out. */
  header?: boolean;
  /** The columns and their order; those of the first row when left out. */
  columns?: string[];
  /** End lines with CR LF. */
  crlf?: boolean;
}

/** Tables as text. */
export const csv = {
  /** Reads rows as objects by column name. */
  parse<R = { [column: string]: string }>(data: Data, options: CsvOptions & { header?: true } = {}): R[] {
    return host<R[]>("csv.parse", { ...dataArgs(data), ...options });
  },

  /** Reads rows as lists of texts, without a header. */
  rows(data: Data, options: Omit<CsvOptions, "header" | "columns"> = {}): string[][] {
    return host<string[][]>("csv.parse", { ...dataArgs(data), ...options, header: false });
  },

  /** Writes objects or lists as rows. */
  format(rows: readonly object[], options: CsvFormatOptions = {}): string {
    return host<string>("csv.format", { rows, ...options });
  },
};
