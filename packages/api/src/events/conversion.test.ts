import assert from "node:assert/strict";
import { test } from "node:test";
import { created } from "../resource-hooks.fixture.ts";
import { fromCore, toCore } from "./conversion.ts";
import { eventResource } from "./event.ts";

const event = {
  eventTime: "2026-01-01T00:00:00.000001Z",
  reportingController: "example.com/c",
  reportingInstance: "c-1",
  action: "Doing",
  reason: "Because",
  type: "Normal",
  note: "hello",
  regarding: { kind: "Pod", namespace: "default", name: "p" },
};

test("an event is the same in both groups", () => {
  const { object, errors } = created(eventResource, event);
  assert.deepEqual(errors, []);
  const core = toCore(object);
  assert.equal(core.message, "hello");
  assert.equal(core.reportingComponent, "example.com/c");
  assert.deepEqual(fromCore(core), object);
});

test("an event of the newer group leaves out what the older counted", () => {
  assert.deepEqual(created(eventResource, { ...event, deprecatedCount: 2, type: "Odd" }).errors, [
    'type: Invalid value: "": has invalid value: Odd',
    'count: Invalid value: "": needs to be unset',
  ]);
});

test("events of this group are selected by its own names of fields", () => {
  const { object } = created(eventResource, event);
  assert.equal(eventResource.selectableFields?.["regarding.name"]?.(object), "p");
  assert.equal(eventResource.selectableFields?.["reportingController"]?.(object), "example.com/c");
});
