import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldError, fieldErrorText } from "@kubets/machinery";
import type { Container, Pod, PodSpec } from "../generated/types/core-v1.ts";
import { type PodBuilder, pod } from "../testing/pod-builder.ts";
import { writeContext } from "../testing/write-context.ts";
import { validateEphemeralUpdate, validateResize } from "./validate-part-update.ts";
import { validatePodCreate, validatePodTemplateSpec } from "./validate-template.ts";
import { validatePodUpdate } from "./validate-update.ts";

const context = writeContext();
const texts = (errors: FieldError[]) => errors.map((error) => fieldErrorText(error).split("\n")[0]);
const created = (builder: PodBuilder) => texts(validatePodCreate(builder.build(), context));
const container = (more: Partial<Container>) => pod("p").container("c", more);
const label = "must be no more than 63 characters";

test("a plain pod is right", () => assert.deepEqual(created(pod("p")), []));

for (const [what, built, wanted] of [
  ["no containers", pod("p").spec({ containers: [] }), ["spec.containers: Required value"]],
  [
    "a long name",
    pod("p").container("x".repeat(64)),
    [`spec.containers[0].name: Invalid value: "${"x".repeat(64)}": ${label}`],
  ],
  [
    "a group without a name",
    pod("p").spec({ schedulingGroup: {} }),
    ['spec.schedulingGroup: Invalid value: "": must specify one of: `podGroupName`'],
  ],
  ["two of a name", pod("p").container("c").container("c"), ['spec.containers[1].name: Duplicate value: "c"']],
  [
    "an init container of the same name",
    pod("p").container("c").initContainer("c"),
    ['spec.initContainers[0].name: Duplicate value: "c"'],
  ],
  [
    "a host port twice",
    pod("p")
      .container("a", { ports: [{ containerPort: 1, hostPort: 9, protocol: "TCP" }] })
      .container("b", { ports: [{ containerPort: 2, hostPort: 9, protocol: "TCP" }] }),
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//9"'],
  ],
  [
    "an unknown volume",
    container({ volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  ],
  [
    "a value and a source",
    container({
      env: [{ name: "A", value: "1", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } }],
    }),
    ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
  ],
  [
    "a wrong divisor",
    container({ env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "2" } } }] }),
    [
      'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
    ],
  ],
  [
    "a request above the limit",
    container({ resources: { requests: { memory: "2Gi" }, limits: { memory: "1Gi" } } }),
    ['spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi'],
  ],
  [
    "more than the pod has",
    container({ resources: { requests: { cpu: "2" } } }).spec({ resources: { requests: { cpu: "1" } } }),
    [
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
    ],
  ],
  [
    "a bad restart policy",
    pod("p").spec({ restartPolicy: "Sometimes" }),
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    "windows options on linux",
    pod("p").spec({ os: { name: "linux" }, securityContext: { windowsOptions: {} } }),
    ["spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod"],
  ],
  [
    "a node and gates",
    pod("p")
      .on("n")
      .spec({ schedulingGates: [{ name: "g" }] }),
    ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
  ],
  [
    "the host's sysctls",
    pod("p").spec({ hostNetwork: true, securityContext: { sysctls: [{ name: "net.core.somaxconn", value: "1" }] } }),
    [
      "spec.securityContext.sysctls[0].name: Invalid value: \"net.core.somaxconn\": may not be specified when 'hostNetwork' is true",
    ],
  ],
] as [string, PodBuilder, string[]][])
  test(`refuses ${what}`, () => assert.deepEqual(created(built), wanted));

test("privileged containers are refused where the cluster does not allow them", () => {
  const built = container({ securityContext: { privileged: true } }).build();
  assert.deepEqual(texts(validatePodCreate(built, { ...context, allowPrivileged: false })), [
    "spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy",
  ]);
});

test("a template's errors stand under its own path", () => {
  const template = { metadata: { labels: { "a b": "c" } }, spec: { ...pod("p").build().spec, containers: [] } };
  const [first = "", second] = texts(validatePodTemplateSpec(template, "spec.template", context));
  assert.match(first, /^spec\.template\.labels: Invalid value: "a b": name part must consist of/);
  assert.equal(second, "spec.template.spec.containers: Required value");
});

const before = pod("p").requests({ cpu: "1" }).limits({ cpu: "1" }).tolerates({ key: "a", operator: "Exists" }).build();
const changed = (more: Partial<PodSpec>, old: Pod = before): [Pod, Pod] => [
  { ...old, spec: { ...old.spec, ...more } },
  old,
];
const updated = (more: Partial<PodSpec>, old?: Pod) => texts(validatePodUpdate(...changed(more, old), context));
const [only] = before.spec.containers;
assert.ok(only);

test("images, a deadline and more tolerations may change", () => {
  assert.deepEqual(updated({ containers: [{ ...only, image: "other" }] }), []);
  assert.deepEqual(updated({ activeDeadlineSeconds: 5 }), []);
  assert.deepEqual(
    updated({ tolerations: [...(before.spec.tolerations ?? []), { key: "b", operator: "Exists" }] }),
    [],
  );
});

test("what was right once is looked at again where its annotations or the cluster say something else", () => {
  const wrong = {
    ...before,
    metadata: { ...before.metadata, annotations: { "container.apparmor.security.beta.kubernetes.io/x": "no" } },
  };
  const privileged = container({ securityContext: { privileged: true } }).build();
  for (const _ of [1, 2]) {
    assert.deepEqual(updated({}), []);
    assert.equal(validatePodUpdate(wrong, before, context).length > 0, true);
    assert.deepEqual(validatePodUpdate(privileged, privileged, context), []);
    assert.equal(validatePodUpdate(privileged, privileged, { ...context, allowPrivileged: false }).length, 1);
  }
});

test("anything else is refused, with the difference", () => {
  const [error] = validatePodUpdate(...changed({ nodeName: "n" }), context);
  assert.equal(error?.field, "spec");
  assert.match(error?.detail ?? "", /^pod updates may not change fields other than `spec\.containers\[\*\]\.image`,/);
  assert.match(error?.detail ?? "", /\n@@ spec @@\n- spec\.nodeName: \(none\)\n\+ spec\.nodeName: "n"$/);
});

test("a gated pod may be narrowed, not widened", () => {
  const gated = pod("p")
    .nodeSelector({ a: "1" })
    .spec({ schedulingGates: [{ name: "g" }] })
    .build();
  assert.deepEqual(updated({ nodeSelector: { a: "1", b: "2" } }, gated), []);
  assert.equal(updated({ nodeSelector: { b: "2" } }, gated).length, 1);
  assert.deepEqual(updated({ schedulingGates: [] }, gated), []);
});

test("ephemeral containers are added and never changed", () => {
  const debug = { ...only, name: "debug", resources: {} };
  const [pod1, old] = changed({ ephemeralContainers: [debug] });
  assert.deepEqual(texts(validateEphemeralUpdate(pod1, old, context)), []);
  assert.deepEqual(texts(validateEphemeralUpdate(old, pod1, context)), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed',
  ]);
});

test("a resize keeps class and containers", () => {
  const resize = (more: Partial<Container>) =>
    texts(validateResize(...changed({ containers: [{ ...only, ...more }] }, running), context));
  const running: Pod = { ...before, status: { qosClass: "Burstable" } };
  assert.deepEqual(resize({ resources: { requests: { cpu: "500m" }, limits: { cpu: "1" } } }), []);
  assert.deepEqual(resize({ resources: { requests: { cpu: "1" } } }), [
    "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
  ]);
  assert.deepEqual(resize({ name: "other" }), [
    "spec.containers: Forbidden: containers may not be added or removed on resize",
  ]);
});

test("a pod with users of its own has no part of the node's, but its network where that feature is on", () => {
  const own = pod("p").spec({ hostUsers: false, hostNetwork: true, hostPID: true }).build();
  const errors = (...features: string[]) => texts(validatePodCreate(own, writeContext(...features)));
  const pids = "spec.hostPID: Forbidden: when `hostUsers` is false";
  assert.deepEqual(errors(), ["spec.hostNetwork: Forbidden: when `hostUsers` is false", pids]);
  assert.deepEqual(errors("UserNamespacesHostNetworkSupport"), [pids]);
});
