/** Ingresses and their classes, as an API. */
import assert from "node:assert/strict";
import { ingressclasses, ingresses } from "@kubets/api/generated/refs";
import type { Ingress, IngressClass } from "@kubets/api/generated/types/networking-v1";
import type { Input } from "@kubets/api/meta";
import { resourcePath } from "@kubets/api/resource-ref";
import { behaviour } from "../behaviour.ts";
import { everyVerb } from "../verbs.ts";

const MERGE = { "content-type": "application/merge-patch+json" };

behaviour(
  "[sig-network] Ingress API should support creating Ingress API operations [Conformance]",
  { on: "api" },
  async (t) => {
    const make = (name: string, labels: Record<string, string>): Input<Ingress> => ({
      metadata: { name, namespace: t.namespace, labels },
      spec: {
        rules: [
          {
            host: "behaviour.test",
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
            },
          },
        ],
      },
    });
    await everyVerb(t, ingresses, make);

    await t.client.create(ingresses, make("status", {}));
    const path = resourcePath(ingresses, t.namespace, "status", "status");
    const address = (ip: string) => ({ status: { loadBalancer: { ingress: [{ ip }] } } });
    const patched = await t.request(
      "PATCH",
      path,
      { metadata: { annotations: { patchedstatus: "true" } }, ...address("169.1.1.1") },
      MERGE,
    );
    assert.equal(patched.status, 200, patched.text);
    assert.equal(patched.json.metadata.annotations.patchedstatus, "true");
    const shown = (ip: string) => (ingress: Ingress | undefined) =>
      ingress?.status.loadBalancer.ingress?.[0]?.ip === ip;
    await t.until(ingresses, "status", "the patched address", shown("169.1.1.1"));
    await t.eventually("an update of the status without a conflict", async () => {
      const { json } = await t.request("GET", path);
      const answer = await t.request("PUT", path, { ...json, ...address("169.1.1.2") });
      assert.ok([200, 409].includes(answer.status), answer.text);
      return answer.status === 200;
    });
    await t.until(ingresses, "status", "the updated address", shown("169.1.1.2"));
  },
);

behaviour(
  "[sig-network] IngressClass API should support creating IngressClass API operations [Conformance]",
  { on: "api" },
  (t) =>
    everyVerb(
      t,
      ingressclasses,
      (name, labels): Input<IngressClass> => ({
        metadata: { name, labels },
        spec: { controller: "example.com/behaviour" },
      }),
    ),
);
