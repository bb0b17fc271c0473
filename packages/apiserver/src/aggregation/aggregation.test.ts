import assert from "node:assert/strict";
import { test } from "node:test";
import type { APIService } from "@kubets/api/generated/types/apiregistration-v1";
import { conditionsWith } from "./availability.ts";
import { withRemoteGroups } from "./merged-discovery.ts";
import { aggregatedForm } from "./remote-documents.ts";
import { userHeaders } from "./user-headers.ts";

const groups = (...names: string[]) => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: names.map((name) => {
    const versions = [{ groupVersion: `${name}/v1`, version: "v1" }];
    return { name, versions, preferredVersion: versions[0] };
  }),
});
const remote = (group: string, version: string, groupPriorityMinimum: number, versionPriority: number) => ({
  group,
  version,
  isAvailable: true,
  documents: undefined,
  apiService: { spec: { groupPriorityMinimum, versionPriority } } as APIService,
});

test("groups and versions stand by the priorities of their APIServices", () => {
  const list = withRemoteGroups(groups("apps", "batch", "custom.example"), [
    remote("high.example", "v1", 17_500, 1),
    remote("low.example", "v1beta1", 10, 10),
    remote("low.example", "v1", 10, 10),
    remote("custom.example", "v2", 10, 200),
  ]);
  assert.deepEqual(
    list.groups.map(({ name, versions }) => `${name} ${versions.map(({ version }) => version).join(",")}`),
    ["apps v1", "high.example v1", "batch v1", "custom.example v2,v1", "low.example v1,v1beta1"],
  );
  assert.equal(list.groups[3]?.preferredVersion?.version, "v2");
});

test("the old form of discovery becomes the new one", () => {
  const thing = { singularName: "thing", namespaced: false, kind: "Thing", verbs: ["get"] };
  const own = { group: "g", version: "v1" };
  assert.deepEqual(
    aggregatedForm(own, [
      { ...thing, name: "things" },
      { ...thing, name: "things/scale", group: "autoscaling", version: "v1", kind: "Scale" },
    ]),
    [
      {
        resource: "things",
        responseKind: { ...own, kind: "Thing" },
        scope: "Cluster",
        singularResource: "thing",
        verbs: ["get"],
        subresources: [
          {
            subresource: "scale",
            responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
            verbs: ["get"],
          },
        ],
      },
    ],
  );
});

test("a condition changes when what was found does, and its time when its status does", () => {
  const failed = { status: "False", reason: "ServiceNotFound", message: "gone" };
  const made = conditionsWith({ status: {} } as APIService, failed, "t1");
  assert.deepEqual(made, [{ type: "Available", ...failed, lastTransitionTime: "t1" }]);
  const apiService = { status: { conditions: made } } as unknown as APIService;
  assert.equal(conditionsWith(apiService, failed, "t2"), undefined);
  assert.equal(
    conditionsWith(apiService, { ...failed, reason: "MissingEndpoints" }, "t2")?.[0]?.lastTransitionTime,
    "t1",
  );
  const passed = { status: "True", reason: "Passed", message: "all checks passed" };
  assert.equal(conditionsWith(apiService, passed, "t2")?.[0]?.lastTransitionTime, "t2");
});

test("users are told in headers, whatever the names of what is known of them", () => {
  assert.deepEqual(userHeaders({ name: "u", uid: "1", groups: ["a", "b"], extra: { "example.org/claim é": ["x"] } }), {
    "x-remote-user": "u",
    "x-remote-uid": "1",
    "x-remote-group": ["a", "b"],
    "x-remote-extra-example.org%2Fclaim%20%C3%A9": ["x"],
  });
});
