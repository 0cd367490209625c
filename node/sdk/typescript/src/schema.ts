/** A JSON Schema (2020-12) as data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * What a value looks like: a JSON Schema for the node and, with it, a static
 * type for the editor. `T` is what a handler gets, `G` what a caller gives (they
 * differ where there are defaults).
 */
export interface Schema<T, G = T> {
  /** The JSON Schema. */
  readonly json: JsonSchema;
  /** Only for the type checker. */
  readonly __type?: T;
  /** Only for the type checker. */
  readonly __given?: G;
}

/** A property that may be left out. */
export interface OptionalSchema<T, G = T> extends Schema<T | undefined, G | undefined> {
  readonly optional: true;
}

/** A property that callers may leave out and handlers always get. */
export interface DefaultSchema<T, G = T> extends Schema<T, G | undefined> {
  readonly defaulted: true;
}

/** Any schema. */
export type AnySchema = Schema<any, any>;

/** The static type of a schema as a handler sees it. */
export type Static<S> = S extends Schema<infer T, any> ? T : never;

/** The static type of a schema as a caller gives it. */
export type Given<S> = S extends Schema<any, infer G> ? G : never;

/** The properties of an object, by name. */
export type Properties = { readonly [name: string]: AnySchema };

type Flat<T> = { [K in keyof T]: T[K] } & {};
type OptionalKeys<P> = { [K in keyof P]: P[K] extends { readonly optional: true } ? K : never }[keyof P];
type OmittableKeys<P> = {
  [K in keyof P]: P[K] extends { readonly optional: true } | { readonly defaulted: true } ? K : never;
}[keyof P];

/** The type of an object with these properties as a handler sees it. */
export type StaticObject<P> = Flat<
  { [K in Exclude<keyof P, OptionalKeys<P>>]: Static<P[K]> } & { [K in OptionalKeys<P>]?: Static<P[K]> }
>;

/** The type of an object with these properties as a caller gives it. */
export type GivenObject<P> = Flat<
  { [K in Exclude<keyof P, OmittableKeys<P>>]: Given<P[K]> } & { [K in OmittableKeys<P>]?: Given<P[K]> }
>;

/** What every schema may say about itself. */
export interface Described {
  /** One sentence for people; it goes into the API documentation. */
  doc?: string;
}

/** Limits of a text. */
export interface StringOptions extends Described {
  /** A regular expression that must match somewhere in the text; anchor it with ^ and $. */
  pattern?: string | RegExp;
  /** Fewest characters. */
  minLength?: number;
  /** Most characters. */
  maxLength?: number;
  /** A format of JSON Schema: "email", "uri", "uuid", "ipv4", "date-time" … */
  format?: string;
}

/** Limits of a number. */
export interface NumberOptions extends Described {
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
}

/** Limits of a decimal number. */
export interface DecimalOptions extends Described {
  /** Most digits after the point. */
  scale?: number;
}

/** Limits of a list. */
export interface ArrayOptions extends Described {
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
}

/** What an object may hold besides its properties. */
export interface ObjectOptions extends Described {
  /** Whether properties that are not declared are taken; false when left out. */
  additional?: boolean;
}

/** Limits of a map from names to values. */
export interface RecordOptions extends Described {
  minProperties?: number;
  maxProperties?: number;
  /** A regular expression that every name must match. */
  names?: string | RegExp;
}

function make<T, G = T>(json: Record<string, unknown>, options?: Described): Schema<T, G> {
  const { doc, ...limits } = { ...options };
  return { json: { ...json, ...limits, ...(doc === undefined ? {} : { description: doc }) } };
}

function source(pattern: string | RegExp): string {
  if (typeof pattern === "string") return pattern;
  if (pattern.flags.replace(/[uv]/, "") !== "") throw new TypeError(`the pattern ${String(pattern)} has flags: JSON Schema knows none`);
  return pattern.source;
}

function jsonOf(schema: AnySchema, where: string): JsonSchema {
  const json = (schema as AnySchema | undefined)?.json;
  if (typeof json !== "object" || json === null) {
    throw new TypeError(`${where} is not a schema: use t.string(), t.object({…}) and so on`);
  }
  return json;
}

/** Builds schemas: each call gives the JSON Schema and the static type at once. */
export const t = {
  /** A text. */
  string(options: StringOptions = {}): Schema<string> {
    const { pattern, ...rest } = options;
    return make<string>({ type: "string", ...(pattern === undefined ? {} : { pattern: source(pattern) }) }, rest);
  },

  /** A whole number, exact up to 2^53; larger ones are `t.int64()`. */
  int(options: NumberOptions = {}): Schema<number> {
    return make<number>({ type: "integer" }, options);
  },

  /** A number. Amounts of money are `t.decimal()`. */
  number(options: NumberOptions = {}): Schema<number> {
    return make<number>({ type: "number" }, options);
  },

  /** True or false. */
  boolean(options: Described = {}): Schema<boolean> {
    return make<boolean>({ type: "boolean" }, options);
  },

  /** An exact decimal number, as a text such as "12.50"; calculate with `decimal`. */
  decimal(options: DecimalOptions = {}): Schema<string> {
    const { scale, ...rest } = options;
    const fraction = scale === undefined ? "(\\.[0-9]+)?" : scale === 0 ? "" : `(\\.[0-9]{1,${scale}})?`;
    return make<string>({ type: "string", pattern: `^-?(0|[1-9][0-9]*)${fraction}$` }, rest);
  },

  /** A whole number of 64 bits, as a text, because numbers lose digits beyond 2^53. */
  int64(options: Described = {}): Schema<string> {
    return make<string>({ type: "string", pattern: "^(0|-?[1-9][0-9]{0,18})$" }, options);
  },

  /** A day, as a text: "2026-03-29". */
  date(options: Described = {}): Schema<string> {
    return make<string>({ type: "string", format: "date" }, options);
  },

  /** An instant with its offset, as a text: "2026-03-29T01:30:00+01:00". */
  dateTime(options: Described = {}): Schema<string> {
    return make<string>({ type: "string", format: "date-time" }, options);
  },

  /** One of these texts. */
  enum<const V extends readonly [string, ...string[]]>(...values: V): Schema<V[number]> {
    return make<V[number]>({ type: "string", enum: values });
  },

  /** Exactly this value. */
  literal<const V extends string | number | boolean | null>(value: V): Schema<V> {
    return make<V>({ const: value });
  },

  /** A list of values of one kind. */
  array<S extends AnySchema>(items: S, options: ArrayOptions = {}): Schema<Static<S>[], Given<S>[]> {
    return make<Static<S>[], Given<S>[]>({ type: "array", items: jsonOf(items, "t.array: the argument") }, options);
  },

  /** An object with these properties and, unless `additional` says so, no others. */
  object<const P extends Properties>(properties: P, options: ObjectOptions = {}): Schema<StaticObject<P>, GivenObject<P>> {
    const { additional, ...rest } = options;
    const json: Record<string, JsonSchema> = {};
    const required: string[] = [];
    for (const [name, schema] of Object.entries(properties)) {
      json[name] = jsonOf(schema, `t.object: the property ${name}`);
      if (!("optional" in schema) && !("defaulted" in schema)) required.push(name);
    }
    return make<StaticObject<P>, GivenObject<P>>(
      { type: "object", properties: json, required, additionalProperties: additional === true }, rest);
  },

  /** An object with any names and values of one kind. */
  record<S extends AnySchema>(values: S, options: RecordOptions = {}): Schema<Record<string, Static<S>>, Record<string, Given<S>>> {
    const { names, ...rest } = options;
    return make<Record<string, Static<S>>, Record<string, Given<S>>>({
      type: "object", additionalProperties: jsonOf(values, "t.record: the argument"),
      ...(names === undefined ? {} : { propertyNames: { pattern: source(names) } }),
    }, rest);
  },

  /** A property that may be left out. */
  optional<T, G>(schema: Schema<T, G>): OptionalSchema<T, G> {
    return { json: jsonOf(schema, "t.optional: the argument"), optional: true };
  },

  /** The value or null. */
  nullable<T, G>(schema: Schema<T, G>): Schema<T | null, G | null> {
    return make<T | null, G | null>({ anyOf: [jsonOf(schema, "t.nullable: the argument"), { type: "null" }] });
  },

  /** A value that fits one of these schemas or several. */
  union<const S extends readonly [AnySchema, ...AnySchema[]]>(...schemas: S): Schema<Static<S[number]>, Given<S[number]>> {
    return make<Static<S[number]>, Given<S[number]>>({ anyOf: schemas.map((s, i) => jsonOf(s, `t.union: argument ${i + 1}`)) });
  },

  /** Any JSON. */
  any(options: Described = {}): Schema<any> {
    return make<any>({}, options);
  },

  /**
   * A property that the node fills in when the caller leaves it out. That works in
   * objects, also nested and in lists, but not inside of `t.union` and `t.nullable`.
   */
  default<T, G>(schema: Schema<T, G>, value: NoInfer<T>): DefaultSchema<T, G> {
    return { json: { ...jsonOf(schema, "t.default: the first argument"), default: value }, defaulted: true };
  },

  /** A JSON Schema written by hand, with the type that you promise for it. References may only lead into itself. */
  schema<T>(json: JsonSchema): Schema<T> {
    return make<T>({ ...json });
  },
};
