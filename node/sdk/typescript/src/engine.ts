/**
 * The side of the engine that runs inside of each virtual machine. Services
 * never see it: the engine calls what is exported here, and the package's bundle
 * calls `collect`.
 */
import * as sdk from "../index";
import { CallContext, type CallInfo, classes } from "./call";
import { installConsole } from "./console";
import { describeFault } from "./fault";
import { type Host, nodeHost, host } from "./host";
import { harden, sealBuiltIns } from "./seal";
import { declarations, isService, placeOf, type Service } from "./service";

export { sdk };

const services = new Map<string, Service>();
const files = new Map<string, string>();

interface Mistake {
  message: string;
  stack: string;
}

const mistakes: Mistake[] = [];

/** Takes the exports of the package's files, by file name. */
export function collect(modules: { [file: string]: { [name: string]: unknown } }): void {
  const exported = new Set<Service>();
  for (const [file, exports] of Object.entries(modules)) {
    for (const value of Object.values(exports)) {
      if (!isService(value) || exported.has(value)) continue;
      exported.add(value);
      const other = files.get(value.name);
      if (other !== undefined) {
        mistakes.push({ message: `the service ${value.name} is declared twice, also in ${other}`, stack: placeOf(value) });
        continue;
      }
      services.set(value.name, value);
      files.set(value.name, file);
    }
  }
  for (const s of declarations()) {
    if (!exported.has(s)) {
      mistakes.push({ message: `the service ${s.name} is not exported by a file at the root or in src`, stack: placeOf(s) });
    }
  }
}

/** Everything that the package declares, as JSON. */
export function describe(): string {
  return JSON.stringify({
    mistakes,
    services: [...services.values()].map(({ name, def }) => ({
      name, doc: def.doc, timeout: def.timeout, input: def.input?.json, output: def.output?.json, stack: placeOf(services.get(name)!),
    })),
  });
}

let settings: sdk.Settings | undefined;

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** The host of every call: the node, but what never changes is asked for once. */
const callHost: Host = (op, args) => {
  switch (op) {
    case "call.settings":
      return (settings ??= frozen(nodeHost(op, args) as sdk.Settings));
    case "invoke": {
      // The commonest operation goes the short way: its input is not wrapped and unwrapped again.
      const { service, input } = args as { service: string; input?: object };
      return nodeHost("invoke:" + service, input);
    }
  }
  return nodeHost(op, args);
};

/** Freezes all that calls share, once the package is loaded. */
export function seal(): void {
  [sdk, ...Object.values(sdk), ...classes].forEach(harden);
  sealBuiltIns();
}

let settledAs = "";

function answer(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** Runs a body and makes text of its outcome; "" when that is still to come: see `settled`. */
export function perform(body: () => unknown): string {
  settledAs = "";
  try {
    const result = body();
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return answer(result);
    later(result as PromiseLike<unknown>);
    return "";
  } catch (error) {
    return describeFault(error);
  }
}

/** Keeps the outcome of a promise for `settled`. */
function later(result: PromiseLike<unknown>): void {
  Promise.resolve(result).then(answer).then(
    (text) => { settledAs = text; },
    (error: unknown) => { settledAs = describeFault(error); },
  );
}

/** Runs a handler on its input, JSON to JSON, as `perform` does; written out, since every call comes through here. */
export function run(name: string, cid: string, channel: string, input: string): string {
  settledAs = "";
  try {
    const info: CallInfo = { cid, service: name, channel };
    const result = (services.get(name) as Service).def.handle(new CallContext(info, callHost), JSON.parse(input));
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== "function") return JSON.stringify(result) ?? "null";
    later(result as PromiseLike<unknown>);
    return "";
  } catch (error) {
    return describeFault(error);
  }
}

/** The outcome of an async handler; "" while its promise is not settled. */
export function settled(): string {
  return settledAs;
}

installConsole((level, message) => { host("log", { level, message }); });
