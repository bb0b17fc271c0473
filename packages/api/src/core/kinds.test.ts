import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldError, fieldErrorText } from "@kubets/machinery";
import type {
  LimitRange,
  PersistentVolume,
  PersistentVolumeClaim,
  ResourceQuota,
  Secret,
} from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { node } from "../testing/node-builder.ts";
import { metadataOf } from "../testing/parts.ts";
import { writeContext } from "../testing/write-context.ts";
import { limitRangeResource } from "./limit-range.ts";
import { nodeResource } from "./node/index.ts";
import { persistentVolumeResource } from "./persistent-volume/index.ts";
import { persistentVolumeClaimResource } from "./persistent-volume-claim.ts";
import { resourceQuotaResource } from "./resource-quota.ts";
import { secretResource } from "./secret.ts";

const context = writeContext();
const texts = (errors: FieldError[] | undefined) => (errors ?? []).map((error) => fieldErrorText(error).split("\n")[0]);
const metadata = { ...metadataOf("a"), namespace: "default" };

test("text of a secret becomes bytes, over what was there", () => {
  const secret = {
    kind: "Secret",
    apiVersion: "v1",
    metadata,
    data: { a: "eA==" },
    stringData: { a: "y", b: "z" },
  } as Draft<Secret>;
  secretResource.defaults?.(secret);
  assert.deepEqual([secret.type, secret.data, secret.stringData], ["Opaque", { a: "eQ==", b: "eg==" }, undefined]);
});

test("an immutable secret stays as it is", () => {
  const old = {
    kind: "Secret",
    apiVersion: "v1",
    metadata,
    type: "Opaque",
    immutable: true,
    data: { a: "eA==" },
  } as Secret;
  assert.deepEqual(texts(secretResource.validateUpdate?.({ ...old, data: {} }, old, context)), [
    "data: Forbidden: field is immutable when `immutable` is set",
  ]);
});

test("a node's taints are unique, and its range and machine settled", () => {
  const old = node("n")
    .spec({ podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.0.0/24"] })
    .build();
  const now = node("n").taint("k", "NoSchedule").taint("k", "NoSchedule", "x").build();
  const taint = '{"Key":"k","Value":"x","Effect":"NoSchedule","TimeAdded":null}';
  const duplicate = `metadata.taints[1]: Duplicate value: ${taint}: taints must be unique by key and effect pair`;
  assert.deepEqual(texts(nodeResource.validateUpdate?.(now, old, context)), [
    duplicate,
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    duplicate,
  ]);
});

test("the row of a node", () => {
  const built = node("n").labels({ "node-role.kubernetes.io/b": "", "node-role.kubernetes.io/a": "" }).unschedulable();
  const cells = nodeResource.table?.cells(
    built.address("InternalIP", "10.0.0.1").build(),
    Date.parse("2026-01-02T00:00:00Z"),
  );
  assert.deepEqual(cells?.slice(0, 7), [
    "n",
    "Ready,SchedulingDisabled",
    "a,b",
    "24h",
    "v1.36.2",
    "10.0.0.1",
    "<none>",
  ]);
});

const claim = (size: string, more: object = {}): PersistentVolumeClaim =>
  ({
    kind: "PersistentVolumeClaim",
    apiVersion: "v1",
    metadata,
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      storageClassName: "s",
      volumeMode: "Filesystem",
      volumeName: "v",
    },
    status: { phase: "Bound", capacity: { storage: "1Gi" } },
    ...more,
  }) as PersistentVolumeClaim;

test("a bound claim grows, and shrinks not as far as its volume", () => {
  const change = (to: string) =>
    texts(persistentVolumeClaimResource.validateUpdate?.(claim(to), claim("2Gi"), context));
  assert.deepEqual(change("3Gi"), []);
  assert.deepEqual(change("1536Mi"), []);
  assert.deepEqual(change("512Mi"), [
    "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity",
  ]);
});

test("a claim names a source of another namespace only where that feature is on, and then not in the older field", () => {
  const from = (more: object, ...features: string[]) => {
    const wanted = claim("2Gi") as Draft<PersistentVolumeClaim>;
    Object.assign(wanted.spec, {
      dataSourceRef: { kind: "PersistentVolumeClaim", name: "x", namespace: "other" },
      ...more,
    });
    persistentVolumeClaimResource.prepareForCreate?.(wanted, writeContext(...features));
    return wanted.spec;
  };
  const gate = "CrossNamespaceVolumeDataSource";
  assert.equal(from({}).dataSourceRef, undefined);
  assert.deepEqual([from({}, gate).dataSourceRef?.namespace, from({}, gate).dataSource], ["other", undefined]);
  const both = { ...claim("2Gi"), spec: from({ dataSource: { kind: "PersistentVolumeClaim", name: "x" } }, gate) };
  assert.deepEqual(texts(persistentVolumeClaimResource.validate?.(both as PersistentVolumeClaim, context)), [
    'spec: Invalid value: "spec.dataSource": may not be specified when dataSourceRef.namespace is specified',
  ]);
});

test("a volume says from where it can be had once, unless it may move", () => {
  const from = (zone: string) => {
    const matchExpressions = [{ key: "zone", operator: "In", values: [zone] }];
    const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
    const spec = {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      hostPath: { path: "/v" },
      nodeAffinity,
    };
    return { metadata: metadataOf("v"), spec, status: {} } as unknown as PersistentVolume;
  };
  const change = (...features: string[]) =>
    texts(persistentVolumeResource.validateUpdate?.(from("b"), from("a"), writeContext(...features)));
  assert.match(change().join(), /^nodeAffinity: Invalid value: .* field is immutable, except for updating from beta/);
  assert.deepEqual(change("MutablePVNodeAffinity"), []);
});

test("a claim that is not bound does not change", () => {
  const status = { phase: "Pending" };
  assert.deepEqual(
    texts(persistentVolumeClaimResource.validateUpdate?.(claim("3Gi", { status }), claim("2Gi", { status }), context)),
    [
      "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    ],
  );
});

test("limits of containers fill each other in", () => {
  const range = {
    kind: "LimitRange",
    apiVersion: "v1",
    metadata,
    spec: { limits: [{ type: "Container", max: { cpu: "2" }, min: { memory: "1Mi" } }] },
  } as Draft<LimitRange>;
  limitRangeResource.defaults?.(range);
  assert.deepEqual(range.spec.limits[0], {
    type: "Container",
    max: { cpu: "2" },
    min: { memory: "1Mi" },
    default: { cpu: "2" },
    defaultRequest: { memory: "1Mi", cpu: "2" },
  });
});

test("the row of a quota tells requests and limits apart", () => {
  const status = { hard: { pods: "5", "limits.cpu": "2" }, used: { pods: "1" } };
  const quota = { kind: "ResourceQuota", apiVersion: "v1", metadata, spec: {}, status } as ResourceQuota;
  assert.deepEqual(resourceQuotaResource.table?.cells(quota, 0).slice(1, 3), ["pods: 1/5", "limits.cpu: 0/2"]);
});
