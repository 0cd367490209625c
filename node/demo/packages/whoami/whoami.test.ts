import { call, expect, fakeCtx, test } from "@signalbox/sdk/test";
import { whoami } from "./whoami";

test("tells the name and the credential", () => {
  const ctx = fakeCtx({ user: { security: "demo.basic", name: "demo" } });
  expect(call(whoami, null, ctx)).toEqual({ user: "demo", security: "demo.basic" });
});

test("knows nobody without credentials", () => {
  expect(call(whoami, null)).toEqual({ user: null, security: null });
});
