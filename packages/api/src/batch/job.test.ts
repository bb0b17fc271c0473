import assert from "node:assert/strict";
import { test } from "node:test";
import { created, updated } from "../resource-hooks.fixture.ts";
import { writeContext } from "../testing/write-context.ts";
import { cronJobResource } from "./cron-job.ts";
import { jobResource } from "./job.ts";

const template = { spec: { containers: [{ name: "c", image: "i" }], restartPolicy: "Never" } };

test("a job selects its pods by its uid and gives them its name", () => {
  const { object, errors } = created(jobResource, { spec: { template } });
  assert.deepEqual(errors, []);
  assert.deepEqual(object.spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": "uid-1" } });
  assert.deepEqual(object.spec.template.metadata?.labels, {
    "batch.kubernetes.io/controller-uid": "uid-1",
    "batch.kubernetes.io/job-name": "a",
    "controller-uid": "uid-1",
    "job-name": "a",
  });
});

test("a job without a name gives its pods an empty one, and is left to be told", () => {
  const { object } = created(jobResource, { metadata: { name: undefined }, spec: { template } });
  assert.equal(object.spec.template.metadata?.labels?.["job-name"], "");
});

test("a selector of one's own needs to be asked for", () => {
  const spec = { template, selector: { matchLabels: { mine: "x" } } };
  assert.match(created(jobResource, { spec }).errors.join(), /`selector` not auto-generated/);
});

test("a job's template stays, but where its pods may run can be said before it begins", () => {
  const { object } = created(jobResource, { spec: { template, suspend: true } });
  const withSpec = (more: object) => ({
    spec: { ...object.spec, template: { ...object.spec.template, spec: { ...object.spec.template.spec, ...more } } },
  });
  assert.deepEqual(updated(jobResource, object, withSpec({ nodeSelector: { zone: "z" } })).errors, []);
  assert.match(
    updated(jobResource, object, withSpec({ hostNetwork: true })).errors.join(),
    /spec\.template: .* field is immutable/,
  );
});

test("while a job is suspended and has no pods, what they get and where they may run can be said, also when it ran before", () => {
  const { object } = created(jobResource, { spec: { template, suspend: true } });
  const change = (old: object, [name, value]: readonly [string, unknown], ...features: string[]) => {
    const before = { ...object, ...old } as typeof object;
    const { spec } = before.spec.template;
    const changed = name === "nodeSelector" ? { ...spec, nodeSelector: value } : withContainer(spec, { [name]: value });
    const after = { ...before, spec: { ...before.spec, template: { ...before.spec.template, spec: changed } } };
    return jobResource.validateUpdate?.(after as typeof object, before, writeContext(...features)) ?? [];
  };
  const withContainer = ({ containers, ...spec }: object & { containers: readonly object[] }, more: object) => ({
    ...spec,
    containers: containers.map((each) => ({ ...each, ...more })),
  });
  const place = ["nodeSelector", { zone: "z" }] as const;
  const resources = ["resources", { requests: { cpu: "2" }, limits: { cpu: "3" } }] as const;
  const [places, amounts] = ["MutableSchedulingDirectivesForSuspendedJobs", "MutablePodResourcesForSuspendedJobs"];
  const suspended = [{ type: "Suspended", status: "True" }];
  const rests = { status: { startTime: "2026-01-01T00:00:00Z", conditions: suspended } };
  const stopping = { status: { ...rests.status, active: 1 } };
  assert.deepEqual(change({}, resources, amounts), []);
  assert.equal(change({}, resources).length, 1);
  assert.deepEqual(change(rests, resources, amounts), []);
  assert.deepEqual(change(rests, place, places), []);
  assert.equal(change(rests, place, amounts).length, 1);
  assert.equal(change(stopping, resources, amounts).length, 1);
  assert.equal(change({ ...rests, spec: { ...object.spec, suspend: false } }, resources, amounts).length, 1);
  assert.equal(change(rests, ["image", "other"], amounts, places).length, 1);
  assert.equal(change(rests, ["resources", { claims: [{ name: "gpu" }] }], amounts).length > 0, true);
});

test("schedules and zones that nobody can follow are refused", () => {
  const errors = (schedule: string, timeZone?: string) =>
    created(cronJobResource, { spec: { schedule, timeZone, jobTemplate: { spec: { template } } } }).errors;
  assert.deepEqual(errors("*/5 * * * *", "Europe/Paris"), []);
  assert.deepEqual(errors("60 * * * *"), [
    'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60',
  ]);
  assert.deepEqual(errors("@daily", "Mars/Olympus"), [
    'spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus',
  ]);
});
