import assert from "node:assert/strict";
import { test } from "node:test";
import { created, updated } from "../resource-hooks.fixture.ts";
import { daemonSetResource } from "./daemon-set.ts";
import { deploymentResource } from "./deployment.ts";
import { statefulSetResource } from "./stateful-set.ts";

const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const selector = { matchLabels: { app: "a" } };

test("a deployment gets its defaults and no status", () => {
  const { object, errors } = created(deploymentResource, { spec: { selector, template }, status: { replicas: 3 } });
  assert.deepEqual(errors, []);
  assert.equal(object.spec.replicas, 1);
  assert.deepEqual(object.spec.strategy, {
    type: "RollingUpdate",
    rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
  });
  assert.equal(object.spec.template.spec.restartPolicy, "Always");
  assert.equal(object.status.replicas, undefined);
});

test("a deployment's selector selects its pods and stays", () => {
  assert.deepEqual(
    created(deploymentResource, { spec: { selector: { matchLabels: { app: "b" } }, template } }).errors,
    ['spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`'],
  );
  const { object } = created(deploymentResource, { spec: { selector, template } });
  const changed = { ...object.spec, selector: { matchLabels: { app: "a", b: "c" } } };
  assert.match(updated(deploymentResource, object, { spec: changed }).errors.join(), /spec\.selector: .* immutable/);
});

test("nothing rolls when neither more nor fewer pods may be there", () => {
  const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } };
  assert.deepEqual(created(deploymentResource, { spec: { selector, template, strategy } }).errors, [
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  ]);
});

test("a daemon set counts the changes of its template", () => {
  const key = "deprecated.daemonset.template.generation";
  const { object } = created(daemonSetResource, { spec: { selector, template } });
  assert.equal(object.metadata.annotations?.[key], "1");
  const same = updated(daemonSetResource, object, { spec: { ...object.spec, minReadySeconds: 3 } }).object;
  assert.equal(same.metadata.annotations?.[key], "1");
  const containers = [{ name: "c", image: "other" }];
  const spec = { ...object.spec, template: { ...template, spec: { containers } } };
  assert.equal(updated(daemonSetResource, same, { spec }).object.metadata.annotations?.[key], "2");
});

test("of a stateful set's spec only some parts change", () => {
  const { object } = created(statefulSetResource, { spec: { serviceName: "s", selector, template } });
  assert.deepEqual(updated(statefulSetResource, object, { spec: { ...object.spec, replicas: 3 } }).errors, []);
  assert.match(
    updated(statefulSetResource, object, { spec: { ...object.spec, serviceName: "t" } }).errors.join(),
    /^spec: Forbidden: updates to statefulset spec/,
  );
});

test("containers of a stateful set mount the claims that are made for its pods, and no others", () => {
  const mounting = (name: string) => ({
    ...template,
    spec: { containers: [{ name: "c", image: "i", volumeMounts: [{ name, mountPath: "/data" }] }] },
  });
  const volumeClaimTemplates = [
    {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    },
  ];
  const spec = { selector, serviceName: "a", volumeClaimTemplates };
  const errors = (name: string) => created(statefulSetResource, { spec: { ...spec, template: mounting(name) } }).errors;
  assert.deepEqual(errors("data"), []);
  assert.deepEqual(errors("other"), ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "other"']);
});
