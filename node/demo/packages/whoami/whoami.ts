import { service, t } from "@signalbox/sdk";

/**
 * Tells callers who they are. The channel has checked the credentials before;
 * the service sees their name and never the password or key.
 */
export const whoami = service({
  name: "demo.whoami",
  doc: "Tells who called and by which credential.",
  output: t.object({ user: t.nullable(t.string()), security: t.nullable(t.string()) }),

  handle(ctx) {
    return { user: ctx.user?.name ?? null, security: ctx.user?.security ?? null };
  },
});
