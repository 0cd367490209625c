import { ServiceError, service, t, uuid, xml } from "@signalbox/sdk";

/** Everything that a fake context fakes, in one service. */
export const all = service({
  name: "kit.all",
  input: t.object({ name: t.string(), times: t.default(t.int(), 2) }),
  output: t.object({ text: t.string() }),
  async handle(ctx, input) {
    await null;
    const customer = ctx.conn.sql("erp").one<{ no: string }>("select no from customer where name = :name", { name: input.name });
    if (customer === null) throw new ServiceError("kit.unknown", `no ${input.name}`, 404);
    const changed = ctx.conn.sql("erp").transaction([{ sql: "update x" }, { sql: "select 1", query: true }]);
    const answer = ctx.conn.http("crm").post("/c/{no}", { params: { no: customer.no }, json: input, timeoutMs: 10 });
    const [price] = ctx.parallel([{ service: "kit.price", input: { no: customer.no } }]);
    ctx.log.info("all", { id: uuid() });
    ctx.respond({ status: 201, headers: { Location: "/x" }, contentType: "text/plain", text: "made" });
    const user = ctx.user?.name ?? "nobody";
    const page = ctx.http?.query["page"] ?? "none";
    const price_ = price.ok ? price.value.amount : price.error.code;
    return { text: [customer.no, changed[0].affected, changed[1].rows.length, answer.status, price_, user, page, ctx.settings.greeting, input.times, ctx.remaining()].join(" ") };
  },
});

export const document = service({ name: "kit.document", handle: (_ctx, text: string) => xml.parse(text) });
