import type { HttpConnection, SqlConnection } from "./connection";
import type { ServiceError } from "./error";
import type { Service } from "./service";

/** Who called: the security definition that matched and the name it gave. */
export interface User {
  /** Name of the security definition. */
  readonly security: string;
  /** The user, as the definition tells it. */
  readonly name: string;
  /** The claims of a JWT. */
  readonly claims?: { readonly [claim: string]: any };
}

/** The HTTP request behind a call. */
export interface HttpInfo {
  /** "GET", "POST" … */
  readonly method: string;
  /** The path as received, decoded. */
  readonly path: string;
  /** The path pattern of the channel. */
  readonly pattern: string;
  /** The path parameters, decoded. */
  readonly params: { readonly [name: string]: string };
  /** The query parameters, decoded; of a repeated one the first. */
  readonly query: { readonly [name: string]: string };
  /** The query parameters with all values. */
  readonly queryAll: { readonly [name: string]: readonly string[] };
  /** The headers without credentials; names are in lower case, several values are joined by ", ". */
  readonly headers: { readonly [name: string]: string };
  /** The client's address without its port. */
  readonly remote: string;
}

/** What the channel's answer looks like beyond its JSON. */
export interface Reply {
  /** HTTP status, 200 to 599. */
  status?: number;
  /** Headers added to the answer. */
  headers?: { [name: string]: string };
  /** The type of `text` or `base64`. */
  contentType?: string;
  /** Sent as it is in place of the JSON. */
  text?: string;
  /** Bytes sent as they are in place of the JSON. */
  base64?: string;
}

/** Fields of a log line: anything that encodes to JSON. Put no secrets into them. */
export type LogFields = { [name: string]: unknown };

/** Writes lines to the node's log, under the service and the request's cid. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** The outgoing connections, by the names that the administrator gave them. */
export interface Connections {
  /** The outgoing HTTP connection of that name. */
  http(name: string): HttpConnection;
  /** The outgoing SQL connection of that name. */
  sql(name: string): SqlConnection;
}

/** The outcome of one of several parallel calls. */
export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ServiceError };

/**
 * The services that may be invoked by name with types. Declare the services of
 * other packages into it:
 *
 * ```ts
 * declare module "@signalbox/sdk" {
 *   interface Services { "fx.rate": { input: { currency: string }; output: { rate: string } } }
 * }
 * ```
 */
export interface Services {}

/** The settings of signalbox.yaml. Declare your own into it, as with {@link Services}. */
export interface Settings {
  readonly [name: string]: any;
}

type NamedInput<N> = N extends keyof Services ? (Services[N] extends { input: infer I } ? I : any) : any;
type NamedOutput<N> = N extends keyof Services ? (Services[N] extends { output: infer O } ? O : any) : any;

/** The arguments that hand over an input: none are needed where nothing, or null, is one. */
type InputArgs<I> = undefined extends I ? [input?: I] : null extends I ? [input?: I] : [input: I];

/** A name that {@link Services} does not declare. */
type Undeclared<N extends string> = N extends keyof Services ? never : N;

/** What a service, or the service of a name, takes. */
export type TargetInput<S> = S extends Service<any, any, infer G> ? G : NamedInput<S>;

/** What a service, or the service of a name, answers. */
export type TargetOutput<S> = S extends Service<any, infer O, any> ? O : NamedOutput<S>;

/**
 * One call, as a handler sees it. Calls through it wait for their result, so
 * code is written straight on; all of them share the call's deadline.
 */
export interface Ctx {
  /** Correlation id: the same for the whole tree of calls, in every log line and answer. */
  readonly cid: string;
  /** Name of the service that runs. */
  readonly service: string;
  /** What called: "http", "admin", "invoke", "test" … */
  readonly channel: string;
  /** Who called; null when nobody signed in. */
  readonly user: User | null;
  /** The HTTP request; null unless an HTTP channel called. */
  readonly http: HttpInfo | null;
  /** The settings in the package's signalbox.yaml. */
  readonly settings: Settings;
  /** Outgoing connections. */
  readonly conn: Connections;
  /** The node's log. */
  readonly log: Log;

  /** Milliseconds until the deadline; null when there is none. */
  remaining(): number | null;

  /** Calls another service in the versions that this call started with; throws its ServiceError. */
  invoke<I, O, G>(service: Service<I, O, G>, input: NoInfer<G>): O;
  /** Calls another service by a name that {@link Services} declares. */
  invoke<N extends keyof Services & string>(name: N, ...input: InputArgs<NamedInput<N>>): NamedOutput<N>;
  /**
   * Calls another service by any other name. With a type argument, which promises
   * what the service answers, the input is not checked whatever the name.
   */
  invoke<T = any, N extends string = string>(name: Undeclared<N>, input?: unknown): T;

  /**
   * Calls up to 64 services at once and waits for all. The results are in the
   * order of the calls; a failed one does not stop the others.
   */
  parallel<const S extends readonly (Service | string)[]>(
    calls: readonly [...{ [K in keyof S]: { readonly service: S[K]; readonly input?: TargetInput<S[K]> } }],
  ): { -readonly [K in keyof S]: Settled<TargetOutput<S[K]>> };

  /**
   * Sets status and headers of the channel's answer and, with text or base64,
   * its body. `return ctx.respond({…})` when there is nothing else to return.
   */
  respond(reply: Reply): any;
}
