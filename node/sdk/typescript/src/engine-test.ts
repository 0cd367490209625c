/** The side of the engine that runs inside of each virtual machine, with the test kit. */
import * as kit from "../test";
import { settled, settleLater } from "./engine";
import { useHost } from "./host";
import { listed, runOne } from "./test/runner";

export { sdk, seal } from "./engine";
export { kit, settled };

/** The declared tests, as JSON. */
export function tests(): string {
  return JSON.stringify(listed());
}

/** Runs one test; its outcome is `settled`. */
export function run(index: number): string {
  useHost(undefined);
  settleLater(runOne(index));
  return "";
}
