import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../server/object.ts";
import { revisionsOf } from "./revisions.ts";

const REVISION = "deployment.kubernetes.io/revision";
const CAUSE = "kubernetes.io/change-cause";
const owned = (uid: string) => [{ apiVersion: "apps/v1", kind: "x", name: "web", uid, controller: true }];
const template = (image: string, labels: object) => ({ metadata: { labels }, spec: { containers: [{ image }] } });

test("a deployment goes back to the template and the annotations of a replica set", () => {
  const deployment: KubeObject = {
    kind: "Deployment",
    metadata: { uid: "d", annotations: { [REVISION]: "10", [CAUSE]: "newest", extra: "goes" } },
  };
  const set = (revision: string, image: string, uid = "d"): KubeObject => ({
    metadata: { ownerReferences: owned(uid), annotations: { [REVISION]: revision, [CAUSE]: `made ${revision}` } },
    spec: { template: template(image, { app: "web", "pod-template-hash": revision }) },
  });
  const found = revisionsOf(deployment, [set("2", "a:2"), set("10", "a:10"), set("9", "a:9"), set("11", "a", "other")]);
  assert.deepEqual(
    found.map(({ revision, images, cause }) => [revision, ...images, cause]),
    [
      [10, "a:10", "made 10"],
      [9, "a:9", "made 9"],
      [2, "a:2", "made 2"],
    ],
  );
  assert.deepEqual(found[2]?.patch, {
    type: "json",
    patch: [
      { op: "replace", path: "/spec/template", value: template("a:2", { app: "web" }) },
      { op: "add", path: "/metadata/annotations", value: { [REVISION]: "10", [CAUSE]: "made 2" } },
    ],
  });
});

test("others go back by what their controller revision keeps", () => {
  const data = { spec: { template: { $patch: "replace", ...template("b:1", { app: "db" }) } } };
  const revision = { metadata: { ownerReferences: owned("s") }, revision: 1, data } as KubeObject;
  const [found] = revisionsOf({ kind: "StatefulSet", metadata: { uid: "s" } }, [revision]);
  assert.deepEqual(found, { revision: 1, cause: "", images: ["b:1"], patch: { type: "strategic", patch: data } });
});
