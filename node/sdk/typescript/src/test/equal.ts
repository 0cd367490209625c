/** Where two values differ, and how. */
export interface Difference {
  readonly path: string;
  readonly message: string;
}

/** Writes a value for a message, cut when it is long. */
export function show(value: unknown): string {
  const text = plain(value, 0);
  return text.length > 400 ? text.slice(0, 400) + "…" : text;
}

function plain(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name || "(without name)"}`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return String(value);
  if (value instanceof Date) return `Date ${Number.isNaN(value.getTime()) ? "invalid" : value.toISOString()}`;
  if (value instanceof RegExp) return String(value);
  if (depth > 4) return "…";
  if (Array.isArray(value)) return `[${value.map((v) => plain(v, depth + 1)).join(", ")}]`;
  if (value instanceof Map) return `Map ${plain([...value], depth + 1)}`;
  if (value instanceof Set) return `Set ${plain([...value], depth + 1)}`;
  const fields = Object.entries(value).map(([k, v]) => `${k}: ${plain(v, depth + 1)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

const step = (path: string, key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`);

/**
 * The first difference between two values by content; undefined when there is
 * none. Properties that are undefined count as missing. With partial, `actual`
 * may have properties that `expected` has not.
 */
export function difference(actual: unknown, expected: unknown, partial = false, path = "value", seen = new Map<object, object>()): Difference | undefined {
  if (Object.is(actual, expected)) return undefined;
  const differs = { path, message: `${show(actual)} is not ${show(expected)}` };
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null) return differs;
  if (seen.get(actual) === expected) return undefined;
  seen.set(actual, expected);
  if (Array.isArray(actual) !== Array.isArray(expected)) return differs;
  if (actual instanceof Date || expected instanceof Date) {
    return actual instanceof Date && expected instanceof Date && Object.is(actual.getTime(), expected.getTime()) ? undefined : differs;
  }
  if (actual instanceof RegExp || expected instanceof RegExp) return String(actual) === String(expected) ? undefined : differs;
  if (actual instanceof Error && expected instanceof Error && actual.message !== expected.message) return differs;
  if (actual instanceof Map && expected instanceof Map) return difference([...actual], [...expected], partial, path, seen);
  if (actual instanceof Set && expected instanceof Set) return difference([...actual], [...expected], partial, path, seen);
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) {
    return { path, message: `has ${actual.length} elements, not ${expected.length}: ${show(actual)} is not ${show(expected)}` };
  }
  return ofFields(actual as Fields, expected as Fields, partial, path, seen);
}

type Fields = { [key: string]: unknown };

function ofFields(actual: Fields, expected: Fields, partial: boolean, path: string, seen: Map<object, object>): Difference | undefined {
  for (const key of Object.keys(expected)) {
    if (expected[key] !== undefined && actual[key] === undefined) return { path: step(path, key), message: `is missing; expected ${show(expected[key])}` };
    const inner = difference(actual[key], expected[key], partial, step(path, key), seen);
    if (inner !== undefined) return inner;
  }
  if (partial) return undefined;
  for (const key of Object.keys(actual)) {
    if (actual[key] !== undefined && expected[key] === undefined) return { path: step(path, key), message: `is ${show(actual[key])}, but was not expected` };
  }
  return undefined;
}
