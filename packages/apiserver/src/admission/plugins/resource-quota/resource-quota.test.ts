import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps, resourcequotas } from "@kubets/api/generated/refs";
import type { ResourceQuota } from "@kubets/api/generated/types/core-v1";
import { ofList } from "@kubets/api/quota/amounts";
import { quantityOf } from "@kubets/machinery";
import { startTestServer } from "../../../testing/server.ts";
import { evaluate } from "./evaluate.ts";

const quota = (hard: Record<string, string>) =>
  ({ metadata: { name: "q" }, spec: { hard }, status: { hard } }) as unknown as ResourceQuota;

test("500 creates at once take exactly what there is", async (t) => {
  const { admin, close } = await startTestServer();
  t.after(close);
  const key = { namespace: "default", name: "q" };
  await admin.create(resourcequotas, { metadata: key, spec: { hard: { configmaps: "100" } } });
  const status = { hard: { configmaps: "100" }, used: { configmaps: "0" } };
  await admin.patch(resourcequotas, key, { type: "merge", body: { status } }, { subresource: "status" });
  const writes = Array.from({ length: 500 }, (_, i) =>
    admin.create(configmaps, { metadata: { namespace: "default", name: `c${i}` } }),
  );
  const outcomes = await Promise.allSettled(writes);
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  assert.equal(refused.length, 400);
  assert.match(
    String(refused[0]?.reason),
    /exceeded quota: q, requested: configmaps=1, used: configmaps=100, limited: configmaps=100/,
  );
  assert.equal((await admin.get(resourcequotas, key)).status.used?.configmaps, "100");
  await admin.create(configmaps, { metadata: { namespace: "kube-system", name: "elsewhere" } });
});

test("a quota refuses only what grows beyond it", () => {
  const hard = quota({ pods: "2", "limits.cpu": "1" });
  const used = ofList({ pods: "3", "limits.cpu": "500m" });
  assert.ok(
    evaluate(hard, used, new Map([["pods", quantityOf(-1)]])) &&
      "used" in (evaluate(hard, used, new Map([["pods", quantityOf(-1)]])) as object),
  );
  assert.deepEqual(evaluate(hard, used, new Map([["pods", quantityOf(1)]])), {
    refused: "exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=2",
  });
  assert.equal(evaluate(hard, used, new Map([["services", quantityOf(1)]])), undefined);
});

test("a quota that nobody has counted yet lets nothing through", () => {
  const verdict = evaluate(quota({ pods: "2" }), new Map(), new Map([["pods", quantityOf(1)]]));
  assert.deepEqual(verdict, { refused: "status unknown for quota: q, resources: pods" });
});
