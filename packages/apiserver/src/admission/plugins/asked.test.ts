import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps, namespaces, pods, rolebindings, roles, secrets, services } from "@kubets/api/generated/refs";
import { startTestServer, type TestServerOptions } from "../../testing/server.ts";

type Cluster = Awaited<ReturnType<typeof startTestServer>>;

/** A cluster with one plugin that runs only when it is asked for. */
function withPlugin(
  name: string,
  what: string,
  run: (cluster: Cluster) => Promise<void>,
  more: TestServerOptions = {},
) {
  it(`${name} ${what}`, async () => {
    const cluster = await startTestServer({ enable: [name], ...more });
    try {
      await run(cluster);
    } finally {
      await cluster.close();
    }
  });
}

const pod = (name: string, spec: object = {}, container: object = {}) => ({
  metadata: { name, namespace: "default" },
  spec: { containers: [{ name: "c", image: "x:1", ...container }], ...spec } as never,
});
const map = (name: string, namespace = "default", metadata: object = {}) => ({
  metadata: { name, namespace, ...metadata },
});
const annotate = ({ admin }: Cluster, key: string, value: string) =>
  admin.patch(
    namespaces,
    { name: "default" },
    { type: "merge", body: { metadata: { annotations: { [key]: value } } } },
  );

describe("plugins that run when they are asked for", () => {
  withPlugin("AlwaysAdmit", "admits", async ({ admin }) => {
    assert.ok(await admin.create(configmaps, map("a")));
  });

  withPlugin("AlwaysPullImages", "has every image looked for at its registry", async ({ admin }) => {
    const spec = { initContainers: [{ name: "i", image: "y", imagePullPolicy: "Never" }] };
    const made = await admin.create(pods, pod("a", spec, { imagePullPolicy: "IfNotPresent" }));
    assert.deepEqual(
      [...(made.spec.initContainers ?? []), ...made.spec.containers].map((c) => c.imagePullPolicy),
      ["Always", "Always"],
    );
  });

  withPlugin("DenyServiceExternalIPs", "lets services keep such addresses, but gain none", async (cluster) => {
    const { admin } = cluster;
    const service = (externalIPs?: string[]) => ({
      metadata: { name: "s", namespace: "default" },
      spec: { ports: [{ port: 80 }], ...(externalIPs && { externalIPs }) } as never,
    });
    const denied = /services "s" is forbidden: Use of external IPs is denied by admission control\./;
    await assert.rejects(admin.create(services, service(["1.2.3.4"])), denied);
    await admin.create(services, service());
    const set = (externalIPs: string[]) =>
      admin.patch(services, { namespace: "default", name: "s" }, { type: "merge", body: { spec: { externalIPs } } });
    await assert.rejects(set(["1.2.3.4"]), denied);
    await set([]);
  });

  withPlugin("ExtendedResourceToleration", "lets pods that ask for a device onto its nodes", async ({ admin }) => {
    const resources = { requests: { "example.com/gpu": "1", cpu: "1" }, limits: { "example.com/gpu": "1" } };
    const made = await admin.create(pods, pod("a", {}, { resources }));
    const own = (made.spec.tolerations ?? []).filter(({ key }) => !key?.startsWith("node.kubernetes.io/"));
    assert.deepEqual(own, [{ key: "example.com/gpu", operator: "Exists" }]);
  });

  withPlugin(
    "LimitPodHardAntiAffinityTopology",
    "keeps pods from keeping others off more than a node",
    async (cluster) => {
      const spread = (topologyKey: string) => {
        const term = { topologyKey, labelSelector: { matchLabels: { a: "b" } } };
        return { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
      };
      await cluster.admin.create(pods, pod("a", spread("kubernetes.io/hostname")));
      await assert.rejects(
        cluster.admin.create(pods, pod("b", spread("topology.kubernetes.io/zone"))),
        /has TopologyKey topology\.kubernetes\.io\/zone but only key kubernetes\.io\/hostname is allowed/,
      );
    },
  );

  withPlugin("NamespaceAutoProvision", "makes the namespace of an object", async ({ admin }) => {
    await admin.create(configmaps, map("a", "fresh"));
    assert.equal((await admin.get(namespaces, { name: "fresh" })).status.phase, "Active");
    await admin.create(configmaps, map("b", "fresh"));
  });

  withPlugin(
    "NamespaceExists",
    "refuses objects whose namespace is not there, also without NamespaceLifecycle",
    async ({ admin }) => {
      await assert.rejects(admin.create(configmaps, map("a", "nowhere")), {
        message: 'namespaces "nowhere" not found',
      });
      await admin.create(configmaps, map("a"));
    },
    { disable: ["ServiceAccount", "NamespaceLifecycle"] },
  );

  withPlugin(
    "OwnerReferencesPermissionEnforcement",
    "lets only who may delete an object make it another's dependent, and only who may hold that one up block it",
    async ({ admin, user }) => {
      const grant = async (name: string, ...rules: object[]) => {
        await admin.create(roles, { metadata: { name, namespace: "default" }, rules: rules as never });
        await admin.create(rolebindings, {
          metadata: { name, namespace: "default" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
          subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "jane" }],
        });
      };
      const owner = await admin.create(secrets, { metadata: { name: "owner", namespace: "default" } });
      const reference = { apiVersion: "v1", kind: "Secret", name: "owner", uid: owner.metadata.uid };
      const owned = (name: string, more: object = {}) =>
        user("jane").create(configmaps, map(name, "default", { ownerReferences: [{ ...reference, ...more }] }));
      await grant("maker", { apiGroups: [""], resources: ["configmaps"], verbs: ["create"] });
      await assert.rejects(owned("a"), /cannot set an ownerRef on a resource you can't delete/);
      await user("jane").create(configmaps, map("plain"));
      await grant("deleter", { apiGroups: [""], resources: ["configmaps"], verbs: ["delete"] });
      await owned("a");
      const blocked =
        /cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on/;
      await assert.rejects(owned("b", { blockOwnerDeletion: true }), blocked);
      await grant("holder", { apiGroups: [""], resources: ["secrets/finalizers"], verbs: ["update"] });
      await owned("b", { blockOwnerDeletion: true });
      await assert.rejects(
        owned("c", { blockOwnerDeletion: true, kind: "Unheard" }),
        /cannot find RESTMapping for APIVersion v1 Kind Unheard/,
      );
    },
    { modes: ["RBAC"] },
  );

  withPlugin("PodNodeSelector", "keeps the pods of a namespace on its nodes", async (cluster) => {
    await annotate(cluster, "scheduler.alpha.kubernetes.io/node-selector", "team=a, disk=ssd");
    const made = await cluster.admin.create(pods, pod("a", { nodeSelector: { zone: "z" } }));
    assert.deepEqual(made.spec.nodeSelector, { disk: "ssd", team: "a", zone: "z" });
    await assert.rejects(
      cluster.admin.create(pods, pod("b", { nodeSelector: { team: "b" } })),
      /pod node label selector conflicts with its namespace node label selector/,
    );
  });

  withPlugin(
    "PodNodeSelector",
    "takes the selector of all from its configuration, and lets pods ask for no more than their namespace's list holds",
    async (cluster) => {
      const { admin } = cluster;
      assert.deepEqual((await admin.create(pods, pod("a"))).spec.nodeSelector, { pool: "shared" });
      await assert.rejects(
        admin.create(pods, pod("b", { nodeSelector: { zone: "z" } })),
        /pod node label selector labels conflict with its namespace whitelist/,
      );
      await admin.create(pods, pod("c", { nodeSelector: { disk: "ssd" } }));
      await annotate(cluster, "scheduler.alpha.kubernetes.io/node-selector", "disk=ssd");
      assert.deepEqual((await admin.create(pods, pod("d"))).spec.nodeSelector, { disk: "ssd" });
    },
    {
      configurations: new Map([
        [
          "PodNodeSelector",
          {
            text: "podNodeSelectorPluginConfig:\n  clusterDefaultNodeSelector: pool=shared\n  default: pool=shared,disk=ssd\n",
            from: "test",
          },
        ],
      ]),
    },
  );

  it("AlwaysDeny denies everything, even what a server makes at its start", () =>
    assert.rejects(startTestServer({ enable: ["AlwaysDeny"] }), /admission control is denying all modifications/));
});
