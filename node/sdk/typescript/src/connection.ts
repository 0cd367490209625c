import type { XmlOptions } from "./library/xml";

/** A value in a path, a query or a header. */
export type Scalar = string | number | boolean;

/** A request through an outgoing HTTP connection. At most one of json, xml, text and base64 is its body. */
export interface HttpOptions {
  /** Fill the `{name}` parts of URL and path, escaped. */
  params?: { [name: string]: Scalar };
  /** Query parameters: a list repeats the name, null takes one of the definition's out. */
  query?: { [name: string]: Scalar | null | readonly Scalar[] };
  /** Headers; they win over the definition's. */
  headers?: { [name: string]: Scalar };
  /** A body as JSON. */
  json?: unknown;
  /** A body as XML: an object with one key, the root element, as `xml.parse` gives it. */
  xml?: { [root: string]: unknown };
  /** A body as text. */
  text?: string;
  /** A body of bytes. */
  base64?: string;
  /** The type of the body when it is not the usual one of its form. */
  contentType?: string;
  /** Bounds the whole request, retries included, in milliseconds. */
  timeoutMs?: number;
  /** false: one attempt. true: also POST and PATCH that carry an Idempotency-Key. */
  retry?: boolean;
}

/** A request with its method and path. */
export interface HttpRequest extends HttpOptions {
  /** Left out: GET without a body, POST with one. */
  method?: string;
  /** Below the connection's URL; may have `{name}` parts. */
  path?: string;
}

/** The answer of another system. Every status is an answer, also 4xx and 5xx. */
export interface HttpResponse {
  /** The HTTP status. */
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** The headers; names are in lower case. */
  readonly headers: { readonly [name: string]: string };
  /** The body when it is JSON; else undefined. */
  readonly json?: any;
  /** The body when it is text; else undefined. */
  readonly text?: string;
  /** The body when it is neither; else undefined. */
  readonly base64?: string;
  /** The body read as XML. */
  xml(options?: XmlOptions): any;
}

/** State of a connection after a try. */
export interface Health {
  readonly name: string;
  readonly type: string;
  readonly state: "up" | "down" | "unknown";
  readonly since: string;
  readonly last_error?: string;
  readonly [more: string]: unknown;
}

/** An outgoing HTTP connection. It throws ServiceError when no answer comes ("outgoing_failed", "outgoing_down", "timeout" …). */
export interface HttpConnection {
  /** Sends any request. */
  request(request: HttpRequest): HttpResponse;
  get(path: string, options?: HttpOptions): HttpResponse;
  post(path: string, options?: HttpOptions): HttpResponse;
  put(path: string, options?: HttpOptions): HttpResponse;
  patch(path: string, options?: HttpOptions): HttpResponse;
  delete(path: string, options?: HttpOptions): HttpResponse;
  /** Tries the connection and says how it is. */
  ping(): Health;
}

/** A value of a named parameter. Bytes are `{ base64: "…" }`. */
export type SqlValue = string | number | boolean | null | { base64: string };

/** Named parameters: `:name` in the statement takes `params.name`. */
export type SqlParams = { readonly [name: string]: SqlValue };

/** A row by column name. Decimals, times and integers beyond 2^53 are texts. */
export type Row = { [column: string]: any };

/** The outcome of a statement that changes rows. */
export interface SqlChange {
  /** Rows changed. */
  readonly affected: number;
  /** The key that the database gave, where it tells one. */
  readonly lastId: number | string | null;
}

/** The outcome of a query. */
export interface SqlRows<R = Row> {
  readonly columns: string[];
  readonly rows: R[];
}

/** One statement of a transaction; with `query: true` it yields rows. */
export interface SqlStatement {
  readonly sql: string;
  readonly params?: SqlParams;
  readonly query?: boolean;
  readonly maxRows?: number;
}

/** The results of a transaction, one a statement. */
export type SqlResults<S extends readonly SqlStatement[]> = {
  -readonly [K in keyof S]: S[K] extends { readonly query: true } ? SqlRows : SqlChange;
};

/** An outgoing SQL connection. It throws ServiceError with code "sql_failed" and details such as `constraint: "unique"`. */
export interface SqlConnection {
  /** The rows of a query; more than `maxRows`, or than the definition allows, are an error. */
  query<R = Row>(sql: string, params?: SqlParams, options?: { maxRows?: number }): R[];
  /** The only row of a query, or null; a second row is an error. */
  one<R = Row>(sql: string, params?: SqlParams): R | null;
  /** Runs a statement that changes rows. */
  exec(sql: string, params?: SqlParams): SqlChange;
  /** Runs statements in one transaction: all of them or none. */
  transaction<const S extends readonly SqlStatement[]>(statements: S): SqlResults<S>;
  /** Tries the connection and says how it is. */
  ping(): Health;
}
