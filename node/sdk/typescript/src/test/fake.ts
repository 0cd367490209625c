import { CallContext } from "../call";
import type { HttpRequest, Row, SqlChange, SqlParams } from "../connection";
import type { Ctx, HttpInfo, LogFields, Reply, User } from "../context";
import { type Host, nodeHost, useHost } from "../host";
import { isService, type Service } from "../service";

/** The answer of a faked system; status 200 when left out. */
export interface HttpAnswer {
  status?: number;
  headers?: { [name: string]: string };
  json?: unknown;
  text?: string;
  base64?: string;
}

/** Stands for the system behind an outgoing HTTP connection. */
export type HttpFake = (request: HttpRequest) => HttpAnswer;

/** Stands for the database behind an outgoing SQL connection: rows for queries, what changed for other statements. */
export type SqlFake = (sql: string, params: SqlParams) => readonly Row[] | Partial<SqlChange> | void;

/** What a fake context knows and answers. Everything that is not given is refused with a message that says so. */
export interface Fakes {
  cid?: string;
  service?: string;
  channel?: string;
  user?: User | null;
  /** The request behind the call; parts that are left out are empty. */
  http?: Partial<HttpInfo>;
  settings?: { [name: string]: unknown };
  /** Milliseconds until the deadline. */
  remaining?: number | null;
  /** Other services, by name: a function of the input, or the service itself. */
  invoke?: { [service: string]: Service | ((input: any) => unknown) };
  /** Outgoing connections, by name. */
  conn?: { http?: { [connection: string]: HttpFake }; sql?: { [connection: string]: SqlFake } };
  /** Any host operation, by name, also those of the library until the test ends: `"date.now": () => "2026-03-29T00:00:00Z"`. */
  host?: { [op: string]: (args: any) => unknown };
}

/** One effect of a handler, in the order in which they happened. */
export interface HostCall {
  readonly op: string;
  readonly args: any;
}

/** One line that a handler logged. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields?: LogFields;
}

/** A context for handlers in tests. */
export interface FakeCtx extends Ctx {
  /** Every host operation that the handler ran. */
  readonly calls: readonly HostCall[];
  /** Every line that the handler logged. */
  readonly logs: readonly LogLine[];
  /** What the handler gave to `respond`; null when nothing. */
  readonly reply: Reply | null;
}

const copy = (value: unknown): any => JSON.parse(JSON.stringify(value ?? null));

/** Waits for an async answer: nothing in a test needs more than its promise jobs to be run. */
function settle(value: any): any {
  if (typeof value?.then !== "function") return value;
  let outcome: { value?: unknown; error?: unknown; failed: boolean } | undefined;
  value.then((v: unknown) => { outcome = { value: v, failed: false }; }, (error: unknown) => { outcome = { error, failed: true }; });
  nodeHost("test.drain", {});
  if (outcome === undefined) throw new Error("the handler's promise is never settled");
  if (outcome.failed) throw outcome.error;
  return outcome.value;
}

function missing(what: string, how: string): never {
  throw new Error(`the fake context knows nothing of ${what}: fakeCtx({ ${how} })`);
}

const emptyRequest: HttpInfo = { method: "GET", path: "/", pattern: "/", params: {}, query: {}, queryAll: {}, headers: {}, remote: "127.0.0.1" };

class FakeContext extends CallContext implements FakeCtx {
  readonly calls: HostCall[];
  readonly logs: LogLine[];
  readonly #said: { reply: Reply | null };

  constructor(fakes: Fakes) {
    const calls: HostCall[] = [];
    const logs: LogLine[] = [];
    const said: { reply: Reply | null } = { reply: null };
    const run = operations(fakes, logs, said, () => this);
    super({ cid: fakes.cid ?? "test-0001", service: fakes.service ?? "test", channel: fakes.channel ?? "test" }, (op, given) => {
      const args = copy(given);
      if (!op.startsWith("call.")) calls.push({ op, args });
      return run(op, args);
    });
    this.calls = calls;
    this.logs = logs;
    this.#said = said;
  }

  get reply(): Reply | null {
    return this.#said.reply;
  }
}

/** How a fake context answers each operation. */
function operations(fakes: Fakes, logs: LogLine[], said: { reply: Reply | null }, self: () => Ctx): Host {
  const invoke = (name: string, input: unknown): unknown => {
    const target = fakes.invoke?.[name];
    if (target === undefined) missing(`the service ${name}`, `invoke: { "${name}": … }`);
    return copy(settle(isService(target) ? target.def.handle(self(), input) : target(input)));
  };
  const sql = (a: { connection: string; sql: string; params?: SqlParams }): readonly Row[] | Partial<SqlChange> => {
    const fake = fakes.conn?.sql?.[a.connection];
    if (fake === undefined) missing(`the SQL connection ${a.connection}`, `conn: { sql: { "${a.connection}": … } }`);
    return fake(a.sql, a.params ?? {}) ?? {};
  };
  const rows = (a: { connection: string; sql: string; params?: SqlParams }): Row[] => {
    const found = sql(a);
    if (!Array.isArray(found)) throw new Error(`the fake of the SQL connection ${a.connection} must answer rows for a query`);
    return copy(found);
  };
  const changed = (a: { connection: string; sql: string; params?: SqlParams }): unknown => {
    const c = sql(a) as Partial<SqlChange>;
    return { affected: c.affected ?? 0, last_id: c.lastId ?? null };
  };
  const table: { [op: string]: (args: any) => unknown } = {
    "call.user": () => fakes.user ?? null,
    "call.http": () => (fakes.http === undefined ? null : { ...emptyRequest, ...fakes.http }),
    "call.settings": () => copy(fakes.settings ?? {}),
    remaining: () => (fakes.remaining === undefined ? 30_000 : fakes.remaining),
    log: (line: LogLine) => { logs.push(line); },
    respond: ({ content_type, ...reply }: Reply & { content_type?: string }) => {
      said.reply = content_type === undefined ? reply : { ...reply, contentType: content_type };
    },
    invoke: (a: { service: string; input?: unknown }) => invoke(a.service, a.input ?? null),
    parallel: (a: { calls: { service: string; input?: unknown }[] }) => a.calls.map((c) => {
      try {
        return { ok: true, value: invoke(c.service, c.input ?? null) };
      } catch (error) {
        return { ok: false, error };
      }
    }),
    "http.request": ({ connection, content_type, timeout_ms, ...rest }: any) => {
      const fake = fakes.conn?.http?.[connection];
      if (fake === undefined) missing(`the HTTP connection ${connection}`, `conn: { http: { "${connection}": … } }`);
      const answer = fake({ ...rest, ...(content_type && { contentType: content_type }), ...(timeout_ms && { timeoutMs: timeout_ms }) });
      return copy({ status: 200, headers: {}, ...answer });
    },
    "sql.query": (a) => ({ columns: [], rows: rows(a) }),
    "sql.one": (a) => rows(a)[0] ?? null,
    "sql.exec": changed,
    "sql.transaction": (a: { connection: string; statements: { sql: string; params?: SqlParams; query?: boolean }[] }) =>
      a.statements.map((s) => (s.query === true ? { columns: [], rows: rows({ ...a, ...s }) } : changed({ ...a, ...s }))),
    ...fakes.host,
  };
  return (op, args) => {
    const fake = table[op];
    if (fake === undefined) missing(`the operation ${op}`, `host: { "${op}": … }`);
    return fake(args) ?? null;
  };
}

/**
 * A context whose every effect is faked:
 *
 * ```ts
 * const ctx = fakeCtx({ invoke: { "fx.rate": () => ({ rate: "4.25" }) } });
 * expect(accept.def.handle(ctx, order)).toEqual({ total: "39.80" });
 * ```
 */
export function fakeCtx(fakes: Fakes = {}): FakeCtx {
  const overridden = fakes.host;
  if (overridden !== undefined) useHost((op, args) => (op in overridden ? overridden[op]!(copy(args)) : nodeHost(op, args)));
  return new FakeContext(fakes);
}

/**
 * Calls a service as the node does: checks the input against its schema, fills
 * in defaults, runs the handler, checks the answer. It waits for async handlers.
 */
export function call<I, O, G>(service: Service<I, O, G>, input: NoInfer<G>, ctx: Ctx = fakeCtx({ service: service.name })): O {
  const { name, def } = service;
  const checked = nodeHost("test.check", { service: name, schema: def.input?.json ?? null, value: input ?? null, side: "input" });
  const answer: unknown = settle(def.handle(ctx, checked as I));
  return nodeHost("test.check", { service: name, schema: def.output?.json ?? null, value: answer ?? null, side: "output" }) as O;
}
