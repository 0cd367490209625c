import { host } from "../host";
import { type Data, dataArgs } from "./data";

/** Which characters base64 is written with. */
export interface Base64Options {
  /** "standard" when left out; "url" has - and _ in place of + and /. */
  alphabet?: "standard" | "url";
  /** Whether = fills the end; true when left out. */
  padding?: boolean;
}

/** Bytes as base64. */
export const base64 = {
  /** Encodes a text (as UTF-8) or bytes. */
  encode(data: Data, options: Base64Options = {}): string {
    return host<string>("base64.encode", { ...dataArgs(data), ...options });
  },

  /** Decodes to text; bytes that are no text are a ServiceError with code "encoding.text". */
  decode(value: string): string {
    return host<string>("base64.decode", { value });
  },

  /** Decodes to hexadecimal digits. */
  toHex(value: string): string {
    return host<string>("base64.decode", { value, as: "hex" });
  },
};

/** Bytes as hexadecimal digits. */
export const hex = {
  /** Encodes a text (as UTF-8) or bytes. */
  encode(data: Data): string {
    return host<string>("hex.encode", dataArgs(data));
  },

  /** Decodes to text. */
  decode(value: string): string {
    return host<string>("hex.decode", { value });
  },

  /** Decodes to base64. */
  toBase64(value: string): string {
    return host<string>("hex.decode", { value, as: "base64" });
  },
};
