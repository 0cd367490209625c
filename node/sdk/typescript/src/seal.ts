/**
 * Freezing of what all calls share. A virtual machine serves many calls, one
 * after the other: none may change what the next one finds built in.
 */

/**
 * Makes the properties of a prototype constant, but lets objects that inherit
 * from it have own ones of the same name: with plain constants
 * `error.name = "X"` and `object.toString = f` would throw.
 */
function override(prototype: object): void {
  for (const name of Reflect.ownKeys(prototype)) {
    const p = Reflect.getOwnPropertyDescriptor(prototype, name)!;
    if (!("value" in p) || !p.configurable) continue;
    const value: unknown = p.value;
    Object.defineProperty(prototype, name, {
      configurable: false,
      enumerable: p.enumerable === true,
      get() { return value; },
      set(this: unknown, own: unknown) {
        if (this === prototype) throw new TypeError(`${String(name)} is built in and cannot be changed`);
        Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
      },
    });
  }
  Object.freeze(prototype);
}

/** Freezes a value, and the prototype of a class. */
export function harden(value: unknown): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  Object.freeze(value);
  const prototype: unknown = (value as { prototype?: unknown }).prototype;
  if (typeof prototype === "object" && prototype !== null) Object.freeze(prototype);
}

/** Freezes every built-in and the global object itself. */
export function sealBuiltIns(): void {
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError];
  const global = globalThis as { [name: string]: any };
  if (typeof global["InternalError"] === "function") errors.push(global["InternalError"]);
  for (const prototype of [Object.prototype, Function.prototype, ...errors.map((e) => e.prototype as object)]) override(prototype);
  const generator = Object.getPrototypeOf(function* () {}) as object;
  const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as object;
  const hidden = [
    generator, Object.getPrototypeOf(async function () {}) as object, Object.getPrototypeOf(async function* () {}) as object,
    iterator, Object.getPrototypeOf(new Map().entries()) as object, Object.getPrototypeOf(new Set().values()) as object,
    Object.getPrototypeOf(""[Symbol.iterator]()) as object, Object.getPrototypeOf("".matchAll(/x/g)) as object,
    Object.getPrototypeOf(Int8Array) as { prototype: object }, (Object.getPrototypeOf(Int8Array) as { prototype: object }).prototype,
    (generator as { prototype: object }).prototype,
  ];
  hidden.forEach(Object.freeze);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (name !== "globalThis") harden(global[name]);
  }
  Object.freeze(globalThis);
}
