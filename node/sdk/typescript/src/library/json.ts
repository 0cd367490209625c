import { host } from "../host";

/** JSON beyond JSON.parse and JSON.stringify. */
export const json = {
  /** The one way to write a value: keys sorted, as RFC 8785 says; for signatures and comparing. */
  canonical: (value: unknown): string => host<string>("json.canonical", { value }),

  /** The value at a JSON pointer (RFC 6901). Nothing there is a ServiceError with code "json.missing", or the fallback. */
  pointer<T = any>(value: unknown, pointer: string, ...fallback: [] | [T]): T {
    return host<T>("json.pointer", fallback.length === 0 ? { value, pointer } : { value, pointer, default: fallback[0] ?? null });
  },

  /** The value with a merge patch (RFC 7386) applied. */
  merge: <T = any>(target: unknown, patch: unknown): T => host<T>("json.merge", { target, patch }),
};
