import type { Connections, Ctx, HttpInfo, Log, Reply, Settings, User } from "./context";
import type { Health, HttpConnection, HttpOptions, HttpRequest, HttpResponse, Row, SqlChange, SqlConnection, SqlParams, SqlRows, SqlStatement } from "./connection";
import { ServiceError } from "./error";
import type { Host } from "./host";
import type { Service } from "./service";
import { xml, type XmlOptions } from "./library/xml";

/** What a call knows of itself. */
export interface CallInfo {
  readonly cid: string;
  readonly service: string;
  readonly channel: string;
}

const nameOf = (target: Service | string): string => (typeof target === "string" ? target : target.name);

const connections = (host: Host): Connections => ({
  http: (name) => new HttpOutgoing(name, host),
  sql: (name) => new SqlOutgoing(name, host),
});

function lines(host: Host): Log {
  const line = (level: string): Log["info"] => (message, fields) => {
    host("log", { level, message: String(message), fields });
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** A call of a service: every effect goes through its host. */
export class CallContext implements Ctx {
  readonly cid: string;
  readonly service: string;
  readonly channel: string;
  #host: Host;
  #conn: Connections | undefined;
  #log: Log | undefined;
  #user: User | null | undefined;
  #http: HttpInfo | null | undefined;

  constructor(info: CallInfo, host: Host) {
    this.cid = info.cid;
    this.service = info.service;
    this.channel = info.channel;
    this.#host = host;
  }

  get conn(): Connections {
    return (this.#conn ??= connections(this.#host));
  }

  get log(): Log {
    return (this.#log ??= lines(this.#host));
  }

  get user(): User | null {
    if (this.#user === undefined) this.#user = this.#host("call.user", {}) as User | null;
    return this.#user;
  }

  get http(): HttpInfo | null {
    if (this.#http === undefined) this.#http = this.#host("call.http", {}) as HttpInfo | null;
    return this.#http;
  }

  get settings(): Settings {
    return this.#host("call.settings", {}) as Settings;
  }

  remaining(): number | null {
    return this.#host("remaining", {}) as number | null;
  }

  invoke(target: Service | string, input?: unknown): any {
    return this.#host("invoke", { service: nameOf(target), input });
  }

  parallel(calls: readonly { readonly service: Service | string; readonly input?: unknown }[]): any {
    const asked = calls.map((c) => ({ service: nameOf(c.service), input: c.input }));
    const results = this.#host("parallel", { calls: asked }) as { ok: boolean; value?: unknown; error?: ServiceError }[];
    return results.map((r) => {
      if (r.ok) return { ok: true, value: r.value };
      const e = r.error as ServiceError;
      return { ok: false, error: new ServiceError(e.code, e.message, e.status !== undefined && e.status >= 400 && e.status <= 599 ? e.status : undefined, e.details) };
    });
  }

  respond(reply: Reply): any {
    const { contentType, ...rest } = reply;
    this.#host("respond", { ...rest, content_type: contentType });
  }
}

class Response implements HttpResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly json?: any;
  readonly text?: string;
  readonly base64?: string;

  constructor(answer: { status: number; headers: { [name: string]: string }; json?: unknown; text?: string; base64?: string }) {
    this.status = answer.status;
    this.headers = answer.headers;
    if (answer.json !== undefined) this.json = answer.json;
    if (answer.text !== undefined) this.text = answer.text;
    if (answer.base64 !== undefined) this.base64 = answer.base64;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  xml(options?: XmlOptions): any {
    return xml.parse(this.base64 === undefined ? this.text ?? "" : { base64: this.base64 }, options);
  }
}

/** An outgoing connection by its name. */
class Outgoing {
  protected readonly run: (op: string, args: object) => unknown;

  constructor(connection: string, host: Host) {
    this.run = (op, args) => host(op, { connection, ...args });
  }

  ping(): Health {
    return this.run("outgoing.ping", {}) as Health;
  }
}

class HttpOutgoing extends Outgoing implements HttpConnection {
  request(request: HttpRequest): HttpResponse {
    const { contentType, timeoutMs, xml: tree, ...rest } = request;
    const args = tree === undefined
      ? { ...rest, content_type: contentType, timeout_ms: timeoutMs }
      : { ...rest, text: xml.format(tree, { declaration: true }), content_type: contentType ?? "application/xml", timeout_ms: timeoutMs };
    return new Response(this.run("http.request", args) as ConstructorParameters<typeof Response>[0]);
  }

  get(path: string, options?: HttpOptions): HttpResponse {
    return this.request({ ...options, method: "GET", path });
  }

  post(path: string, options?: HttpOptions): HttpResponse {
    return this.request({ ...options, method: "POST", path });
  }

  put(path: string, options?: HttpOptions): HttpResponse {
    return this.request({ ...options, method: "PUT", path });
  }

  patch(path: string, options?: HttpOptions): HttpResponse {
    return this.request({ ...options, method: "PATCH", path });
  }

  delete(path: string, options?: HttpOptions): HttpResponse {
    return this.request({ ...options, method: "DELETE", path });
  }
}

interface RawChange {
  affected: number;
  last_id?: number | string | null;
}

const change = (raw: RawChange): SqlChange => ({ affected: raw.affected, lastId: raw.last_id ?? null });

class SqlOutgoing extends Outgoing implements SqlConnection {
  query<R = Row>(sql: string, params?: SqlParams, options?: { maxRows?: number }): R[] {
    return (this.run("sql.query", { sql, params, max_rows: options?.maxRows }) as SqlRows<R>).rows;
  }

  one<R = Row>(sql: string, params?: SqlParams): R | null {
    return this.run("sql.one", { sql, params }) as R | null;
  }

  exec(sql: string, params?: SqlParams): SqlChange {
    return change(this.run("sql.exec", { sql, params }) as RawChange);
  }

  transaction(statements: readonly SqlStatement[]): any {
    const asked = statements.map(({ maxRows, ...rest }) => ({ ...rest, max_rows: maxRows }));
    const results = this.run("sql.transaction", { statements: asked }) as (RawChange | SqlRows)[];
    return results.map((r) => ("rows" in r ? r : change(r)));
  }
}

/** What calls are made of, for the engine to freeze. */
export const classes: readonly (abstract new (...args: any[]) => object)[] = [CallContext, Response, Outgoing, HttpOutgoing, SqlOutgoing];
