/** Validating and mutating admission policies. */
import assert from "node:assert/strict";
import {
  deployments,
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { refusal } from "./webhook-fixture.ts";

const name = (kind: string, what: string) =>
  `[sig-api-machinery] ${kind} [Privileged:ClusterAdmin] ${what} [Conformance]`;
const api = { on: "api" } as const;

const constraints = ({ namespace }: BehaviourContext) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  resourceRules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] }],
});

const createDeployment = (t: BehaviourContext, of: string, replicas: number, dryRun = false) =>
  t.client.create(
    deployments,
    {
      metadata: { namespace: t.namespace, name: of },
      spec: {
        replicas,
        selector: { matchLabels: { app: of } },
        template: {
          metadata: { labels: { app: of } },
          spec: { containers: [{ name: "c", image: t.images.pause }] },
        },
      },
    },
    { dryRun },
  );

behaviour(name("ValidatingAdmissionPolicy", "should allow expressions to refer variables."), api, async (t) => {
  const of = t.name("policy");
  await t.client.create(validatingadmissionpolicies, {
    metadata: { name: of },
    spec: {
      matchConstraints: constraints(t),
      variables: [
        { name: "replicas", expression: "object.spec.replicas" },
        { name: "oddReplicas", expression: "variables.replicas % 2 == 1" },
      ],
      validations: [{ expression: "variables.replicas > 1" }, { expression: "variables.oddReplicas" }],
    },
  });
  t.cleanup(() => t.client.delete(validatingadmissionpolicies, { name: of }));
  await t.client.create(validatingadmissionpolicybindings, {
    metadata: { name: of },
    spec: { policyName: of, validationActions: ["Deny"] },
  });
  t.cleanup(() => t.client.delete(validatingadmissionpolicybindings, { name: of }));
  assert.match(await refusal(createDeployment(t, "one", 1)), /failed expression: variables.replicas > 1/);
  assert.match(await refusal(createDeployment(t, "two", 2)), /failed expression: variables.oddReplicas/);
  await createDeployment(t, "three", 3);
});

async function mutating(t: BehaviourContext, expression: string): Promise<void> {
  const of = t.name("policy");
  await t.client.create(mutatingadmissionpolicies, {
    metadata: { name: of },
    spec: {
      matchConstraints: constraints(t),
      reinvocationPolicy: "Never",
      mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
    },
  });
  t.cleanup(() => t.client.delete(mutatingadmissionpolicies, { name: of }));
  await t.client.create(mutatingadmissionpolicybindings, { metadata: { name: of }, spec: { policyName: of } });
  t.cleanup(() => t.client.delete(mutatingadmissionpolicybindings, { name: of }));
}

behaviour(name("MutatingAdmissionPolicy", "should mutate a Deployment"), api, async (t) => {
  await mutating(t, "Object{spec: Object.spec{replicas: object.spec.replicas + 2}}");
  assert.equal((await createDeployment(t, "more", 1, true)).spec.replicas, 3);
});

behaviour(name("MutatingAdmissionPolicy", "should mutate a Deployment with annotations"), api, async (t) => {
  await mutating(t, "Object{metadata: Object.metadata{annotations: {'mutated-by': 'policy ' + request.operation}}}");
  const made = await createDeployment(t, "annotated", 1, true);
  assert.equal(made.metadata.annotations?.["mutated-by"], "policy CREATE");
});

/** What every kind of the group can do: discovery, and each verb. */
async function operations<T extends KubeObject>(
  t: BehaviourContext,
  ref: ResourceRef<T>,
  spec: object,
  change: object,
  parts: readonly string[] = [],
): Promise<void> {
  const { json: groups } = await t.request("GET", "/apis");
  const group = groups.groups.find((each: { name: string }) => each.name === ref.group);
  assert.ok(group.versions.some((each: { version: string }) => each.version === "v1"));
  const { json: resources } = await t.request("GET", `/apis/${ref.group}/v1`);
  const served = resources.resources.map((each: { name: string }) => each.name);
  for (const each of [ref.resource, ...parts]) assert.ok(served.includes(each), each);

  const path = `/apis/${ref.group}/v1/${ref.resource}`;
  const merge = { "content-type": "application/merge-patch+json" };
  const label = { operations: t.namespace };
  const selected = `${path}?labelSelector=operations%3D${t.namespace}`;
  const names = [0, 1, 2].map(() => t.name("operated"));
  for (const of of names) {
    const made = await t.request("POST", path, { metadata: { name: of, labels: label }, spec });
    assert.equal(made.status, 201, made.text);
  }
  t.cleanup(() => t.request("DELETE", selected));
  const [first = "", second = ""] = names;
  const got = await t.request("GET", `${path}/${first}`);
  assert.equal(got.json.metadata.name, first);
  const listed = await t.request("GET", selected);
  assert.equal(listed.json.items.length, 3);

  const changed = t.until(ref, first, "the patch to be seen", (it) => it?.metadata.annotations?.["patched"] === "true");
  const patched = await t.request(
    "PATCH",
    `${path}/${first}`,
    { metadata: { annotations: { patched: "true" } } },
    merge,
  );
  assert.equal(patched.json.metadata.annotations.patched, "true");
  await changed;
  const updated = await t.request("PUT", `${path}/${first}`, {
    ...patched.json,
    spec: { ...patched.json.spec, ...change },
  });
  assert.equal(updated.status, 200, updated.text);
  assert.equal(updated.json.metadata.generation, 2);
  for (const part of parts) {
    const at = `${path}/${first}/${part.split("/")[1]}`;
    assert.equal((await t.request("GET", at)).json.metadata.name, first);
    const status = {
      status: {
        conditions: [
          { type: "P", status: "True", reason: "R", message: "m", lastTransitionTime: "2026-01-01T00:00:00Z" },
        ],
      },
    };
    const there = await t.request("PATCH", at, status, merge);
    assert.equal(there.json.status.conditions[0].type, "P", there.text);
    const put = await t.request("PUT", at, { ...there.json, status: { ...there.json.status, conditions: [] } });
    assert.deepEqual(put.json.status.conditions ?? [], [], put.text);
  }
  assert.equal((await t.request("DELETE", `${path}/${second}`)).status, 200);
  await t.untilGone(ref, second);
  assert.equal((await t.request("DELETE", selected)).status, 200);
  assert.equal((await t.request("GET", selected)).json.items.length, 0);
}

behaviour(name("ValidatingAdmissionPolicy", "should support ValidatingAdmissionPolicy API operations"), api, (t) =>
  operations(
    t,
    validatingadmissionpolicies,
    { matchConstraints: constraints(t), validations: [{ expression: "object.spec.replicas <= 100" }] },
    { validations: [{ expression: "object.spec.replicas <= 200" }] },
    ["validatingadmissionpolicies/status"],
  ),
);

behaviour(name("MutatingAdmissionPolicy", "should support MutatingAdmissionPolicy API operations"), api, (t) =>
  operations(
    t,
    mutatingadmissionpolicies,
    {
      matchConstraints: constraints(t),
      reinvocationPolicy: "Never",
      mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: "Object{}" } }],
    },
    { reinvocationPolicy: "IfNeeded" },
  ),
);

behaviour(name("MutatingAdmissionPolicy", "should support MutatingAdmissionPolicyBinding API operations"), api, (t) =>
  operations(t, mutatingadmissionpolicybindings, { policyName: "none" }, { policyName: "other" }),
);
