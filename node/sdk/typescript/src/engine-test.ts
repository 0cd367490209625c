/** The side of the engine that runs inside of each virtual machine, with the test kit. */
import * as kit from "../test";
import { perform, settled } from "./engine";
import { useHost } from "./host";
import { listed, runOne } from "./test/runner";

export { sdk, seal } from "./engine";
export { kit, settled };

/** The declared tests, as JSON. */
export function tests(): string {
  return JSON.stringify(listed());
}

/** Runs one test: "null" when it passed, a fault when it failed, "" while its promise is not settled. */
export function run(index: number): string {
  useHost(undefined);
  return perform(() => runOne(index));
}
