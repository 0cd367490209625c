import { causeOf, ServiceError } from "./error";

/** The one entry into the node: an operation and its arguments as JSON; the result is JSON, or a fault. */
export type Bridge = (op: string, args: string) => string;

/** How an operation is run: by the node, or by a fake in a test. */
export type Host = (op: string, args: object) => unknown;

interface Fault {
  code: string;
  message: string;
  status?: number;
  details?: unknown;
  cause?: number;
}

/** The first character of a fault; JSON never starts with it. */
export const faultMark = "\u0001";

const globals = globalThis as { __signalbox_host?: Bridge };
const bridge = globals.__signalbox_host;
delete globals.__signalbox_host;

/** Makes an error of the node an error of the service. */
function raise(text: string): never {
  const f = JSON.parse(text) as Fault;
  const status = f.status !== undefined && f.status >= 400 && f.status <= 599 ? f.status : undefined;
  const error = new ServiceError(f.code || "internal", f.message, status, f.details);
  if (f.cause !== undefined) Object.defineProperty(error, causeOf, { value: f.cause });
  throw error;
}

/** Runs an operation in the node. */
export const nodeHost = (op: string, args: unknown): unknown => {
  if (bridge === undefined) throw new Error("this code runs outside of Signalbox: use `signalbox test`, or a fake for " + op);
  const answer = bridge(op, JSON.stringify(args) ?? "null");
  if (answer.charCodeAt(0) === 1) raise(answer.slice(1));
  return JSON.parse(answer);
};

let current: Host = nodeHost;

/** Puts another host behind the library, for tests; undefined goes back to the node. */
export function useHost(host: Host | undefined): void {
  current = host ?? nodeHost;
}

/** Runs an operation of the library. */
export function host<T>(op: string, args: object): T {
  return current(op, args) as T;
}
