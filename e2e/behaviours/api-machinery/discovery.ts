/** What a server says of its groups and resources, plain and in one document, also of kinds that are added while it runs. */
import assert from "node:assert/strict";
import { customresourcedefinitions } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface Discovered {
  readonly metadata?: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly { readonly resource: string; readonly responseKind: { readonly kind: string } }[];
  }[];
}

async function discovered(t: BehaviourContext, path: string): Promise<readonly Discovered[]> {
  const answer = await t.request("GET", path, undefined, { accept: AGGREGATED });
  assert.deepEqual([answer.status, answer.json.kind], [200, "APIGroupDiscoveryList"], answer.text);
  assert.match(String(answer.headers["content-type"]), /as=APIGroupDiscoveryList/);
  return answer.json.items as readonly Discovered[];
}

/** "apps/v1 deployments" for all that is there. */
const namesIn = (groups: readonly Discovered[]) =>
  groups.flatMap(({ metadata, versions }) =>
    versions.flatMap(({ version, resources }) =>
      resources.map(({ resource }) => `${metadata?.name ?? ""}/${version} ${resource}`),
    ),
  );

const BUILT_IN = [
  "/v1 pods",
  "/v1 nodes",
  "/v1 services",
  "apps/v1 deployments",
  "batch/v1 jobs",
  "networking.k8s.io/v1 ingresses",
  "rbac.authorization.k8s.io/v1 clusterroles",
  "storage.k8s.io/v1 storageclasses",
];

behaviour(
  "[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers [Conformance]",
  { on: "api" },
  async (t) => {
    const names = [...namesIn(await discovered(t, "/api")), ...namesIn(await discovered(t, "/apis"))];
    assert.deepEqual(
      BUILT_IN.filter((name) => !names.includes(name)),
      [],
    );
  },
);

behaviour(
  "[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface [Conformance]",
  // Groups that others make and take away between two readings would differ.
  { on: "api", alone: true },
  async (t) => {
    // What one document says is what the many say.
    const groups = await discovered(t, "/apis");
    for (const { metadata, versions } of groups)
      for (const { version, resources } of versions) {
        const { json } = await t.request("GET", `/apis/${metadata?.name}/${version}`);
        const plain = (json.resources as { name: string }[]).map(({ name }) => name).filter((n) => !n.includes("/"));
        assert.deepEqual(
          resources.map(({ resource }) => resource).toSorted(),
          plain.toSorted(),
          `${metadata?.name}/${version}`,
        );
      }
    const resources = await t.kubectl(["api-resources", "--no-headers"]);
    for (const word of ["deployments", "pods", "jobs"]) assert.match(resources, new RegExp(`^${word} `, "m"));
  },
);

behaviour(
  "[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery request for CRDs [Conformance]",
  { on: "api" },
  async (t) => {
    const plural = t.name("discovered").replaceAll("-", "");
    const group = "behaviours.example.com";
    const kind = "Discovered";
    t.cleanup(() => t.client.delete(customresourcedefinitions, { name: `${plural}.${group}` }));
    await t.client.create(customresourcedefinitions, {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural, kind, singular: plural.slice(0, -1), listKind: `${kind}List` },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    });
    await t.eventually("the kind in the document", async () =>
      namesIn(await discovered(t, "/apis")).includes(`${group}/v1 ${plural}`),
    );
  },
);

behaviour(
  "[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup [Conformance]",
  { on: "api" },
  async (t) => {
    const { json } = await t.request("GET", "/apis");
    const groups = json.groups as { name: string; preferredVersion: { groupVersion: string } }[];
    assert.ok(groups.length > 0);
    for (const { name } of groups.filter((each) => !each.name.endsWith(".example.com"))) {
      const group = (await t.request("GET", `/apis/${name}`)).json as {
        versions: { groupVersion: string }[];
        preferredVersion: { groupVersion: string };
      };
      const versions = group.versions.map(({ groupVersion }) => groupVersion);
      assert.ok(versions.includes(group.preferredVersion.groupVersion), `${name}: ${JSON.stringify(group)}`);
    }
  },
);
