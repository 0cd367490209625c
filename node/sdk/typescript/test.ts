/**
 * For the tests of services: files named *.test.ts, run by `signalbox test` in
 * the engine that runs services. Deployed code cannot import it.
 *
 * @packageDocumentation
 */
export { call, fakeCtx } from "./src/test/fake";
export type { FakeCtx, Fakes, HttpAnswer, HttpFake, HostCall, LogLine, SqlFake } from "./src/test/fake";
export { expect } from "./src/test/expect";
export type { Expectation, Thrown } from "./src/test/expect";
export { afterEach, beforeEach, describe, test } from "./src/test/runner";
