/** The body of a test; it may be async. */
type Body = () => unknown;

interface Registered {
  readonly name: string;
  readonly body: Body;
  readonly skip: boolean;
  readonly group: Group;
  /** The stack of the declaration. */
  readonly place: string;
}

interface Group {
  readonly parent: Group | null;
  readonly name: string;
  readonly before: Body[];
  readonly after: Body[];
}

const registered: Registered[] = [];
let group: Group = { parent: null, name: "", before: [], after: [] };

function register(name: string, body: Body, skip: boolean): void {
  if (typeof name !== "string" || name === "") throw new TypeError("test(): the name is missing");
  if (typeof body !== "function") throw new TypeError(`test ${name}: the body is not a function`);
  registered.push({ name: group.name === "" ? name : `${group.name} > ${name}`, body, skip, group, place: new Error().stack ?? "" });
}

/** Declares a test. It fails when its body throws. */
export const test: {
  (name: string, body: () => unknown): void;
  /** Declares a test that is left out; the report says so. */
  skip(name: string, body: () => unknown): void;
} = Object.assign((name: string, body: Body) => register(name, body, false), {
  skip: (name: string, body: Body) => register(name, body, true),
});

/** Groups tests under a name. */
export function describe(name: string, body: () => void): void {
  const outer = group;
  group = { parent: outer, name: outer.name === "" ? name : `${outer.name} > ${name}`, before: [], after: [] };
  try {
    body();
  } finally {
    group = outer;
  }
}

/** Runs before each test of the group, or of the file. */
export function beforeEach(body: () => unknown): void {
  group.before.push(body);
}

/** Runs after each test of the group, or of the file, also when the test fails. */
export function afterEach(body: () => unknown): void {
  group.after.push(body);
}

/** The tests declared so far, for the engine. */
export function listed(): { name: string; skip: boolean; place: string }[] {
  return registered.map(({ name, skip, place }) => ({ name, skip, place }));
}

function chain(g: Group | null): Group[] {
  return g === null ? [] : [...chain(g.parent), g];
}

/** Runs bodies one after the other. It waits for those that are async and for no other, so that stack traces stay whole. */
function sequence(bodies: readonly Body[]): unknown {
  for (const [i, body] of bodies.entries()) {
    const result = body() as PromiseLike<unknown> | undefined;
    if (typeof result?.then === "function") return result.then(() => sequence(bodies.slice(i + 1)));
  }
  return undefined;
}

/** Runs one test, for the engine; a promise when the test is async. */
export function runOne(index: number): unknown {
  const one = registered[index];
  if (one === undefined) throw new Error(`there is no test ${index}`);
  const groups = chain(one.group);
  const after = (): unknown => sequence(groups.toReversed().flatMap((g) => g.after));
  let result: unknown;
  try {
    result = sequence([...groups.flatMap((g) => g.before), one.body]);
  } catch (error) {
    return sequence([after, () => { throw error; }]);
  }
  if (result === undefined) return after();
  return (result as PromiseLike<unknown>).then(after, (error: unknown) => sequence([after, () => { throw error; }]));
}
