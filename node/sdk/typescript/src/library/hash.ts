import { host } from "../host";
import { type Data, dataArgs, type Encoding } from "./data";

/** Algorithms for messages with a key. */
export type HmacAlgorithm = "sha256" | "sha384" | "sha512" | "sha1" | "md5";

/** Algorithms for digests. */
export type HashAlgorithm = HmacAlgorithm | "crc32";

/** A digest of a text (as UTF-8) or of bytes. */
export function hash(algorithm: HashAlgorithm, data: Data, as: Encoding = "hex"): string {
  return host<string>("hash", { algorithm, ...dataArgs(data), as });
}

function keyArgs(key: Data): { key: string } | { keyBase64: string } {
  return typeof key === "string" ? { key } : { keyBase64: key.base64 };
}

/** Signs messages with a shared key. */
export const hmac = {
  /** The signature of a message. */
  sign(algorithm: HmacAlgorithm, key: Data, data: Data, as: Encoding = "hex"): string {
    return host<string>("hmac", { algorithm, ...keyArgs(key), ...dataArgs(data), as });
  },

  /** Whether a signature is right; compared in constant time. */
  verify(algorithm: HmacAlgorithm, key: Data, data: Data, signature: string, as: Encoding = "hex"): boolean {
    return host<boolean>("hmac.verify", { algorithm, ...keyArgs(key), ...dataArgs(data), signature, as });
  },
};

/** A new UUID: version 4 is random, version 7 grows with time. */
export function uuid(version: 4 | 7 = 4): string {
  return host<string>("random.uuid", { version });
}

/** Random numbers that nobody can guess. */
export const random = {
  /** Random bytes, at most 65536. */
  bytes(length: number, as: Encoding = "base64"): string {
    return host<string>("random.bytes", { length, as });
  },
};
