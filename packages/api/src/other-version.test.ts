import assert from "node:assert/strict";
import { test } from "node:test";
import { resourcesOnRequest } from "./all.ts";
import { decode } from "./codec/decode.ts";
import { goldenPairs, sharedFolder } from "./codec/golden.fixture.ts";
import { encodeJson } from "./codec/json.ts";
import type { KubeObject } from "./meta.ts";
import { resourceClaimResource } from "./resource/resource-claim.ts";
import type { ResourceDefinition } from "./resource.ts";
import { created, testContext, updated } from "./resource-hooks.fixture.ts";
import { groupVersion } from "./resource-ref.ts";

const skip = sharedFolder ? false : "the folder of facts is not beside the repository";

const definitionOf = ({ apiVersion, kind }: KubeObject) =>
  resourcesOnRequest.find((each) => groupVersion(each) === apiVersion && each.kind === kind);

test("every version that is stored in the form of another comes back from there as it went, with all its fields", {
  skip,
}, () => {
  const seen = new Set<ResourceDefinition>();
  for (const { name, struct, json } of goldenPairs()) {
    const object = decode(struct, JSON.parse(json)).object as unknown as KubeObject;
    const definition = definitionOf(object);
    if (!definition?.hub) continue;
    seen.add(definition);
    const stored = definition.hub.toHub(object) as KubeObject;
    assert.equal(stored.apiVersion, groupVersion(definition.hub.resource()));
    const { unknown } = decode(definition.hub.resource().schema, JSON.parse(encodeJson(stored)));
    assert.deepEqual(unknown, [], name);
    assert.equal(encodeJson(definition.hub.fromHub(stored) as KubeObject), json, name);
  }
  assert.equal(seen.size, resourcesOnRequest.filter(({ hub }) => hub).length);
});

const found = (version: string, resource: string): ResourceDefinition => {
  const definition = resourcesOnRequest.find((each) => each.version === version && each.resource === resource);
  assert.ok(definition);
  return definition;
};

test("claims of v1beta1 are those of v1, which say `exactly` what is asked for", () => {
  const earlier = found("v1beta1", "resourceclaims");
  const requests = [
    { name: "a", deviceClassName: "gpu" },
    { name: "b", firstAvailable: [{ name: "c", deviceClassName: "gpu" }] },
  ];
  const { object, errors } = created(earlier, { spec: { devices: { requests } } });
  assert.deepEqual(errors, []);
  const counted = { deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 };
  assert.deepEqual((object as KubeObject & { spec: unknown }).spec, {
    devices: {
      requests: [
        { name: "a", ...counted },
        { name: "b", deviceClassName: "", firstAvailable: [{ name: "c", ...counted }] },
      ],
    },
  });
  const stored = earlier.hub?.toHub(object) as KubeObject & { spec: unknown };
  assert.deepEqual(stored.spec, {
    devices: {
      requests: [
        { name: "a", exactly: counted },
        { name: "b", firstAvailable: [{ name: "c", ...counted }] },
      ],
    },
  });
  assert.deepEqual(resourceClaimResource.validate?.(stored as never, testContext), []);
});

test("what is wrong is told of the stored form, whatever the version", () => {
  const spec = { devices: { requests: [{ name: "a" }] } };
  assert.deepEqual(created(found("v1beta1", "resourceclaims"), { spec }).errors, [
    "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required",
  ]);
});

test("who uses a version that goes is told since when, until when, and what to use instead", () => {
  const told = (version: string, resource: string) => found(version, resource).deprecation;
  assert.equal(
    told("v1beta1", "volumeattributesclasses"),
    "storage.k8s.io/v1beta1 VolumeAttributesClass is deprecated in v1.34+, unavailable in v1.37+; use storage.k8s.io/v1 VolumeAttributesClass",
  );
  assert.equal(
    told("v1alpha3", "devicetaintrules"),
    "resource.k8s.io/v1alpha3 DeviceTaintRule is deprecated in v1.36+, unavailable in v1.39+",
  );
  assert.equal(told("v1beta1", "mutatingadmissionpolicies"), undefined);
});

test("candidates for a lease say versions, and how one of them is chosen", () => {
  const errors = (spec: object) => created(found("v1beta1", "leasecandidates"), { spec }).errors;
  const good = {
    leaseName: "l",
    binaryVersion: "1.36.0",
    emulationVersion: "1.35.0",
    strategy: "OldestEmulationVersion",
  };
  assert.deepEqual(errors(good), []);
  assert.deepEqual(errors({ ...good, strategy: "example.com/mine", emulationVersion: undefined }), []);
  assert.deepEqual(errors({ ...good, emulationVersion: "1.37.0-rc.1", strategy: "Youngest" }), [
    'spec.binaryVersion: Invalid value: "1.36.0": must be greater than or equal to `emulationVersion`',
    'spec.strategy.strategy: Unsupported value: "Youngest": supported values: "OldestEmulationVersion"',
  ]);
  assert.deepEqual(errors({ binaryVersion: "v1", strategy: "OldestEmulationVersion" }), [
    "spec.leaseName: Required value",
    'spec.binaryVersion: Invalid value: "v1": must be a valid semantic version',
    "spec.emulationVersion: Required value: must be specified when `strategy` is 'OldestEmulationVersion'",
  ]);
});

const gang = { gang: { minCount: 2 } };

test("workloads hold a few templates for groups of pods, each of one policy; fields of features that are off are dropped", () => {
  const workload = found("v1alpha2", "workloads");
  const { object, errors } = created(workload, {
    spec: { podGroupTemplates: [{ name: "a", schedulingPolicy: gang, priority: 5, disruptionMode: "Pod" }] },
  });
  assert.deepEqual(errors, []);
  assert.deepEqual((object as KubeObject & { spec: unknown }).spec, {
    podGroupTemplates: [{ name: "a", schedulingPolicy: gang, schedulingConstraints: null }],
  });
  const bad = [
    { name: "a", schedulingPolicy: { basic: {}, gang: { minCount: -1 } } },
    { name: "B", schedulingPolicy: {} },
  ];
  assert.deepEqual(created(workload, { spec: { controllerRef: { kind: "a/b" }, podGroupTemplates: bad } }).errors, [
    "spec.controllerRef.kind: Invalid value: \"a/b\": may not contain '/'",
    "spec.controllerRef.name: Required value",
    'spec.podGroupTemplates[0].schedulingPolicy: Invalid value: "{`basic`, `gang`}": must specify exactly one of: `basic`, `gang`',
    "spec.podGroupTemplates[0].schedulingPolicy.gang.minCount: Invalid value: -1: must be greater than or equal to 1",
    "spec.podGroupTemplates[1].name: Invalid value: \"B\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.podGroupTemplates[1].schedulingPolicy: Invalid value: "": must specify one of: `basic`, `gang`',
  ]);
  assert.deepEqual(created(workload, { spec: { podGroupTemplates: [] } }).errors, [
    "spec.podGroupTemplates: Required value",
  ]);
  assert.deepEqual(
    updated(workload, object, { spec: { podGroupTemplates: [{ name: "b", schedulingPolicy: gang }] } }).errors,
    [
      'spec.podGroupTemplates: Invalid value: [{"name":"b","schedulingPolicy":{"gang":{"minCount":2}},"schedulingConstraints":null}]: field is immutable',
    ],
  );
});

test("groups of pods name the template that they are made by, and stay as they are", () => {
  const group = found("v1alpha2", "podgroups");
  const podGroupTemplateRef = { workload: { workloadName: "w", podGroupTemplateName: "a" } };
  const { object, errors } = created(group, { spec: { podGroupTemplateRef, schedulingPolicy: gang } });
  assert.deepEqual(errors, []);
  assert.deepEqual(created(group, { spec: { podGroupTemplateRef: {}, schedulingPolicy: gang } }).errors, [
    'spec.podGroupTemplateRef: Invalid value: "": must specify one of: `workload`',
  ]);
  assert.deepEqual(updated(group, object, { spec: { podGroupTemplateRef, schedulingPolicy: { basic: {} } } }).errors, [
    'spec.schedulingPolicy: Invalid value: {"basic":{}}: field is immutable',
  ]);
});

test("questions for the state of a driver's pools are bounded, and answered once", () => {
  const request = found("v1alpha3", "resourcepoolstatusrequests");
  const { object, errors } = created(request, {
    spec: { driver: "d.example.com", limit: 1001 },
    status: { poolCount: 1 },
  });
  assert.deepEqual(errors, ["spec.limit: Invalid value: 1001: must be less than or equal to 1000"]);
  assert.ok(!("status" in object), "the answer is the controller's");
});

test("storage versions are named by group and resource, and agree on what is common", () => {
  const storageVersion = found("v1alpha1", "storageversions");
  assert.deepEqual(storageVersion.validateName?.("apps.deployments", false), []);
  assert.deepEqual(storageVersion.validateName?.("deployments", false), [
    "name must be in the form of <group>.<resource>",
  ]);
});
