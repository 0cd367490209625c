import { ServiceError } from "../error";
import { difference, show } from "./equal";

/** What an error must be: its text or code, a pattern of its text, its class, or some of its properties. */
export type Thrown = string | RegExp | (abstract new (...args: any[]) => Error) | { code?: string; status?: number; message?: string; details?: unknown };

/** What can be said of a value. Each fails the test when it does not hold. */
export interface Expectation {
  /** The opposite of what follows. */
  readonly not: Expectation;
  /** The same value (Object.is). */
  toBe(expected: unknown): void;
  /** Equal by content; properties that are undefined count as missing. */
  toEqual(expected: unknown): void;
  /** An object that has at least these properties, equal by content. */
  toMatchObject(expected: object): void;
  /** A text that a pattern matches, or that has the text in it. */
  toMatch(pattern: RegExp | string): void;
  /** A list with an element equal by content, or a text with the text in it. */
  toContain(item: unknown): void;
  /** A number that differs by less than half of the last of these places; 2 when left out. */
  toBeCloseTo(expected: number, places?: number): void;
  /** A function that throws; given something, an error like that. */
  toThrow(expected?: Thrown): void;
  toBeNull(): void;
  toBeUndefined(): void;
  toBeDefined(): void;
  toBeTruthy(): void;
  toBeFalsy(): void;
  toBeGreaterThan(expected: number): void;
  toBeGreaterThanOrEqual(expected: number): void;
  toBeLessThan(expected: number): void;
  toBeLessThanOrEqual(expected: number): void;
  /** A text or list of that length. */
  toHaveLength(expected: number): void;
  toBeInstanceOf(expected: abstract new (...args: any[]) => unknown): void;
}

/** What a failed expectation throws. */
class ExpectationError extends Error {
  override readonly name = "ExpectationError";
}

function matches(error: unknown, expected: Thrown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  if (typeof expected === "string") return message.includes(expected) || (error instanceof ServiceError && error.code === expected);
  if (expected instanceof RegExp) return expected.test(message);
  if (typeof expected === "function") return error instanceof expected;
  return difference(error, expected, true) === undefined || Object.entries(expected).every(([k, v]) => difference((error as { [key: string]: unknown })[k], v, true) === undefined);
}

class Matcher implements Expectation {
  readonly #value: any;
  readonly #negated: boolean;

  constructor(value: unknown, negated: boolean) {
    this.#value = value;
    this.#negated = negated;
  }

  get not(): Expectation {
    return new Matcher(this.#value, !this.#negated);
  }

  #check(holds: boolean, what: string, more = ""): void {
    if (holds !== this.#negated) return;
    throw new ExpectationError(`expected ${show(this.#value)} ${this.#negated ? "not " : ""}${what}${this.#negated || more === "" ? "" : "; " + more}`);
  }

  toBe(expected: unknown): void {
    this.#check(Object.is(this.#value, expected), `to be ${show(expected)}`);
  }

  toEqual(expected: unknown): void {
    const d = difference(this.#value, expected);
    this.#check(d === undefined, `to equal ${show(expected)}`, d && `${d.path}: ${d.message}`);
  }

  toMatchObject(expected: object): void {
    const d = difference(this.#value, expected, true);
    this.#check(d === undefined, `to match ${show(expected)}`, d && `${d.path}: ${d.message}`);
  }

  toMatch(pattern: RegExp | string): void {
    const text = this.#value;
    const holds = typeof text === "string" && (typeof pattern === "string" ? text.includes(pattern) : pattern.test(text));
    this.#check(holds, `to match ${show(pattern)}`);
  }

  toContain(item: unknown): void {
    const value = this.#value;
    const holds = typeof value === "string" ? value.includes(String(item)) : [...(value as Iterable<unknown>)].some((v) => difference(v, item) === undefined);
    this.#check(holds, `to contain ${show(item)}`);
  }

  toBeCloseTo(expected: number, places = 2): void {
    const holds = this.#value === expected || Math.abs(this.#value - expected) < 10 ** -places / 2;
    this.#check(holds, `to be ${show(expected)} to ${places} places`);
  }

  toThrow(expected?: Thrown): void {
    if (typeof this.#value !== "function") throw new ExpectationError(`expect(${show(this.#value)}).toThrow() needs a function: expect(() => …).toThrow()`);
    let thrown: { error: unknown } | undefined;
    try {
      this.#value();
    } catch (error) {
      thrown = { error };
    }
    if (expected === undefined) return this.#check(thrown !== undefined, "to throw", "it returned");
    const holds = thrown !== undefined && matches(thrown.error, expected);
    this.#check(holds, `to throw ${show(expected)}`, thrown === undefined ? "it returned" : `it threw ${show(thrown.error)}`);
  }

  toBeNull(): void {
    this.#check(this.#value === null, "to be null");
  }

  toBeUndefined(): void {
    this.#check(this.#value === undefined, "to be undefined");
  }

  toBeDefined(): void {
    this.#check(this.#value !== undefined, "to be defined");
  }

  toBeTruthy(): void {
    this.#check(Boolean(this.#value), "to be truthy");
  }

  toBeFalsy(): void {
    this.#check(!this.#value, "to be falsy");
  }

  toBeGreaterThan(expected: number): void {
    this.#check(this.#value > expected, `to be greater than ${expected}`);
  }

  toBeGreaterThanOrEqual(expected: number): void {
    this.#check(this.#value >= expected, `to be at least ${expected}`);
  }

  toBeLessThan(expected: number): void {
    this.#check(this.#value < expected, `to be less than ${expected}`);
  }

  toBeLessThanOrEqual(expected: number): void {
    this.#check(this.#value <= expected, `to be at most ${expected}`);
  }

  toHaveLength(expected: number): void {
    const length: unknown = this.#value?.length;
    this.#check(length === expected, `to have length ${expected}`, `it has ${show(length)}`);
  }

  toBeInstanceOf(expected: abstract new (...args: any[]) => unknown): void {
    this.#check(this.#value instanceof expected, `to be a ${expected.name}`);
  }
}

/** Says what a value must be: `expect(total).toBe("39.80")`. */
export function expect(value: unknown): Expectation {
  return new Matcher(value, false);
}
