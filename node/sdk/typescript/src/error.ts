/** Marks the errors that the node made, with the number under which it keeps their cause. */
export const causeOf: unique symbol = Symbol("cause");

/**
 * The error that a caller may see. Throw it for everything the caller should
 * know; any other error is answered as "internal" without its text, which goes
 * to the node's log.
 *
 * Errors of other services, connections and the library are of this class too:
 * catch them and look at their `code`.
 *
 * ```ts
 * throw new ServiceError("order.unknown_customer", `no customer ${id}`, 422, { id });
 * ```
 */
export class ServiceError extends Error {
  /** Stable, for programs: "order.unknown_customer". */
  readonly code: string;
  /** HTTP status of the answer, 400 to 599; left out it is 500. */
  readonly status: number | undefined;
  /** Anything that encodes to JSON; the caller sees it. */
  readonly details: unknown;
  override readonly name = "ServiceError";
  readonly [causeOf]?: number | undefined;

  constructor(code: string, message: string, status?: number, details?: unknown) {
    super(message);
    if (typeof code !== "string" || code === "") throw new TypeError("new ServiceError: the code is missing");
    if (status !== undefined && !(Number.isInteger(status) && status >= 400 && status <= 599)) {
      throw new TypeError(`new ServiceError: the status ${String(status)} is not an integer from 400 to 599`);
    }
    this.code = code;
    this.status = status;
    this.details = details;
  }

  /** Whether a caught value is a ServiceError and, when codes are given, has one of them. */
  static is(error: unknown, ...codes: string[]): error is ServiceError {
    return error instanceof ServiceError && (codes.length === 0 || codes.includes(error.code));
  }
}
