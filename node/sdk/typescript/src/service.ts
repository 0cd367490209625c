import type { Ctx } from "./context";
import type { AnySchema, Given, Schema, Static } from "./schema";

/** How a service is declared. */
export interface Definition<I extends AnySchema, O extends AnySchema> {
  /** Unique in the cluster, such as "orders.create". */
  name: string;
  /** One sentence for people. */
  doc?: string;
  /** What the service takes; the node checks it before `handle` runs. Left out: any JSON. */
  input?: I;
  /** What the service answers. Left out: nothing is promised. */
  output?: O;
  /** The longest time of a call: "500ms", "2s", "1m30s". Left out: the node's default. */
  timeout?: string;
  /** Answers one call. It may be async. What it returns becomes the JSON answer. */
  handle(ctx: Ctx, input: Static<I>): Static<O> | Promise<Static<O>>;
}

/** A declared service: export it, hand it to `ctx.invoke`, call `def.handle` in tests. */
export interface Service<I = any, O = any, G = any> {
  /** The name it is called by. */
  readonly name: string;
  /** The declaration. */
  readonly def: {
    readonly name: string;
    readonly doc?: string;
    readonly input?: Schema<I, G>;
    readonly output?: Schema<O, any>;
    readonly timeout?: string;
    readonly handle: (ctx: Ctx, input: I) => O | Promise<O>;
  };
}

/** What a caller gives to a service. */
export type InputOf<S> = S extends Service<any, any, infer G> ? G : any;

/** What a service answers. */
export type OutputOf<S> = S extends Service<any, infer O, any> ? O : any;

const declared = new Set<Service>();
const places = new WeakMap<Service, string>();

/** Every service declared so far. */
export function declarations(): readonly Service[] {
  return [...declared];
}

/** The stack of the declaration of a service. */
export function placeOf(s: Service): string {
  return places.get(s) ?? "";
}

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._\-:()@+]*$/u;

function check(def: Definition<AnySchema, AnySchema>): void {
  if (typeof def !== "object" || def === null) throw new TypeError("service(): an object with name and handle is needed");
  if (typeof def.name !== "string" || def.name === "") throw new TypeError("service(): the name is missing");
  if (!namePattern.test(def.name) || def.name.length > 150 || def.name !== def.name.normalize("NFC").trim()) {
    throw new TypeError(`service(): the name ${JSON.stringify(def.name)} is not valid: a name has up to 150 letters, digits, blanks and any of ._-:()@+, and starts with a letter or a digit`);
  }
  const where = `service ${def.name}: `;
  if (typeof def.handle !== "function") throw new TypeError(where + "handle is not a function");
  if (def.doc !== undefined && typeof def.doc !== "string") throw new TypeError(where + "doc is not a text");
  if (def.timeout !== undefined && typeof def.timeout !== "string") throw new TypeError(where + 'timeout is not a text such as "2s"');
  for (const side of ["input", "output"] as const) {
    const schema = def[side];
    if (schema !== undefined && (typeof schema.json !== "object" || schema.json === null)) {
      throw new TypeError(`${where}${side} is not a schema: use t.object({…})`);
    }
  }
}

/**
 * Declares a service. Export the result: what is exported from the package's
 * files is deployed.
 *
 * ```ts
 * export const hello = service({
 *   name: "hello.say",
 *   input: t.object({ name: t.string() }),
 *   output: t.object({ text: t.string() }),
 *   handle(ctx, input) { return { text: `Hello, ${input.name}` }; },
 * });
 * ```
 */
export function service<I extends AnySchema = Schema<any>, O extends AnySchema = Schema<any>>(
  def: Definition<I, O>,
): Service<Static<I>, Static<O>, Given<I>> {
  check(def as Definition<AnySchema, AnySchema>);
  const made = Object.freeze({ name: def.name, def: Object.freeze({ ...def, handle: def.handle.bind(def) }) }) as unknown as Service<Static<I>, Static<O>, Given<I>>;
  declared.add(made);
  places.set(made, new Error().stack ?? "");
  return made;
}

/** Whether a value was made by {@link service}. */
export function isService(value: unknown): value is Service {
  return typeof value === "object" && value !== null && declared.has(value as Service);
}
