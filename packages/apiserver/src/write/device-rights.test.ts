import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clusterrolebindings, clusterroles, namespaces, resourceclaims } from "@kubets/api/generated/refs";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { User } from "../authn/authenticator.ts";
import { startTestServer } from "../testing/server.ts";

const STATUS = { subresource: "status" };
const DRIVER = "gpu.example.com";
const ACCOUNT = "system:serviceaccount:drivers:gpu";
const result = { request: "r", driver: DRIVER, pool: "p", device: "d" };
const onNode = (name: string) => ({
  nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
});
const allocation = { devices: { results: [result] }, nodeSelector: onNode("n1") };
const told = [{ driver: DRIVER, pool: "p", device: "d", data: { healthy: true } }];

describe("the status of a claim", () => {
  let cluster: Awaited<ReturnType<typeof startTestServer>>;
  let claims = 0;
  before(async () => {
    cluster = await startTestServer({ modes: ["RBAC"] });
    await grant("system:authenticated", ["get", "update", "patch"], "resourceclaims/status");
    await grant("binder", ["update"], "resourceclaims/binding");
    await grant("far", ["arbitrary-node:update"], "resourceclaims/driver", DRIVER);
    await grant("other-driver", ["arbitrary-node:update"], "resourceclaims/driver", "nic.example.com");
    await grant(ACCOUNT, ["associated-node:update"], "resourceclaims/driver", DRIVER);
  });
  after(() => cluster.close());

  async function grant(name: string, verbs: readonly string[], resource: string, ...resourceNames: string[]) {
    const metadata = { name: name.replaceAll(":", "-") };
    const rules = [
      { verbs, apiGroups: ["resource.k8s.io"], resources: [resource], ...(resourceNames[0] && { resourceNames }) },
    ];
    await cluster.admin.create(clusterroles, { metadata, rules });
    await cluster.admin.create(clusterrolebindings, {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: name.startsWith("system:auth") ? "Group" : "User", name },
      ],
    });
  }
  const user = (name: string, node?: string): User => ({
    name,
    groups: ["system:authenticated"],
    ...(node && { extra: { "authentication.kubernetes.io/node-name": [node] } }),
  });
  async function claimWith(status: object): Promise<ResourceClaim> {
    const exactly = { deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 };
    const claim = await cluster.admin.create(resourceclaims, {
      metadata: { namespace: "default", name: `c${++claims}` },
      spec: { devices: { requests: [{ name: "r", exactly }] } },
    });
    return cluster.admin.update(resourceclaims, { ...claim, status }, STATUS);
  }
  const write = (by: User, claim: ResourceClaim, status: object) =>
    cluster.as(by).update(resourceclaims, { ...claim, status }, STATUS);

  it("says what is given to whom by the right to bind alone", async () => {
    const claim = await claimWith({});
    await assert.rejects(write(user("far"), claim, { allocation }), (error: Error) =>
      error.message.includes(
        'status: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: resourceclaims.resource.k8s.io is forbidden: User "far" cannot update resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
      ),
    );
    assert.deepEqual((await write(user("binder"), claim, { allocation })).status.allocation, allocation);
  });

  it("says of devices what their driver tells, from their node or from anywhere", async () => {
    const claim = await claimWith({ allocation });
    const status = { allocation, devices: told };
    const refused = (by: User, verbs: string) =>
      assert.rejects(write(by, claim, status), (error: Error) =>
        error.message.includes(
          `status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[${verbs}]" permission: `,
        ),
      );
    await refused(user("binder"), "arbitrary-node:update");
    await refused(user("other-driver"), "arbitrary-node:update");
    await refused(user(ACCOUNT, "n2"), "arbitrary-node:update");
    await refused(user("nobody", "n1"), "arbitrary-node:update");
    await refused(user("system:serviceaccount:drivers:else", "n1"), "associated-node:update arbitrary-node:update");
    const near = await write(user(ACCOUNT, "n1"), claim, status);
    assert.deepEqual(near.status.devices, told);
    const far = await write(user("far"), near, { allocation, devices: [{ ...told[0], data: { healthy: false } }] });
    assert.deepEqual(far.status.devices?.[0]?.data, { healthy: false });
  });

  it("forgets what was told of devices with their allocation, whoever takes it back", async () => {
    const claim = await claimWith({ allocation, devices: told });
    const left = await write(user("binder"), claim, { devices: told });
    assert.deepEqual(left.status, {});
  });

  it("tells of no devices without its allocation", async () => {
    const claim = await claimWith({ allocation, devices: told });
    await assert.rejects(
      write(user("binder"), claim, { allocation, devices: [] }),
      /changing status\.devices requires/,
    );
  });
});

it("devices are asked for as an administrator only in namespaces that are for that", async () => {
  const cluster = await startTestServer();
  const claim = (namespace: string, name: string) =>
    cluster.admin.create(resourceclaims, {
      metadata: { namespace, name },
      spec: { devices: { requests: [{ name: "r", exactly: { deviceClassName: "gpu", adminAccess: true } }] } },
    });
  await assert.rejects(
    claim("default", "a"),
    /spec\.devices\.requests\[0\]\.exactly\.adminAccess: Forbidden: admin access to devices requires the `resource\.kubernetes\.io\/admin-access: true` label/,
  );
  const labels = { "resource.kubernetes.io/admin-access": "true" };
  await cluster.admin.create(namespaces, { metadata: { name: "admins", labels } });
  const allowed = await claim("admins", "a");
  const given = { devices: { results: [{ ...result, adminAccess: true }] } };
  await cluster.admin.update(resourceclaims, { ...allowed, status: { allocation: given } }, STATUS);
  await cluster.close();
});
