import assert from "node:assert/strict";
import { test } from "node:test";
import { commonOrder, type GroupDiscovery, mergedGroups } from "./merged-discovery.ts";

test("an order keeps what every list says, and goes by names where none says anything", () => {
  assert.deepEqual(commonOrder([["c", "a"]]), ["c", "a"]);
  const [some, all] = [
    ["c", "a"],
    ["c", "b", "a"],
  ];
  assert.deepEqual(commonOrder([some, all]), all);
  assert.deepEqual(
    commonOrder([
      ["apps", "batch"],
      ["apps", "autoscaling"],
    ]),
    ["apps", "autoscaling", "batch"],
  );
  assert.deepEqual(
    commonOrder([
      ["b", "a"],
      ["a", "b"],
    ]),
    ["a", "b"],
  );
});

test("versions and resources that only a peer has stand beside this server's own", () => {
  const group = (name: string, versions: Readonly<Record<string, readonly string[]>>): GroupDiscovery => ({
    metadata: { name },
    versions: Object.entries(versions).map(([version, names]) => ({
      version,
      resources: names.map((resource) => ({ resource })),
      freshness: "Current",
    })),
  });
  const own = [group("apps", { v1: ["deployments", "statefulsets"] }), group("batch", { v1: ["jobs"] })];
  const peer = [
    group("apps", { v1: ["daemonsets", "deployments"], v2: ["deployments"] }),
    group("new.example", { v1: ["things"] }),
  ];
  assert.deepEqual(mergedGroups([own, peer]), [
    group("apps", { v1: ["daemonsets", "deployments", "statefulsets"], v2: ["deployments"] }),
    group("batch", { v1: ["jobs"] }),
    group("new.example", { v1: ["things"] }),
  ]);
  assert.deepEqual(mergedGroups([own]), own);
});
