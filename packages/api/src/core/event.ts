/** Events: what happened to an object, told by whoever saw it. They go by themselves after an hour. */
import { type FieldError, invalidValue, pathSegmentName, required } from "@kubets/machinery";
import { labelKey } from "@kubets/machinery/names";
import { define } from "../define.ts";
import { events } from "../generated/refs.ts";
import type { Event } from "../generated/types/core-v1.ts";
import { nameErrors } from "../pod/field-checks.ts";
import { age, column, nameColumn, wide } from "../table.ts";

const MAX_WORD = 128;
const MAX_MESSAGE = 1024;

export const eventResource = define(events, {
  shortNames: ["ev"],
  ttlSeconds: 3600,
  createOnUpdate: true,
  validateName: (name) => pathSegmentName(name),
  validate: (event) => validateCoreEvent(event, "reportingComponent"),
  validateUpdate: (event) => validateCoreEvent(event, "reportingComponent"),
  selectableFields: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? "",
    source: ({ source, reportingComponent }) => source.component || reportingComponent || "",
    type: ({ type }) => type ?? "",
  },
  table: {
    columns: [
      column("Last Seen"),
      column("Type"),
      column("Reason"),
      column("Object"),
      wide("Subobject"),
      wide("Source"),
      column("Message"),
      wide("First Seen"),
      wide("Count"),
      { ...nameColumn, priority: 1 },
    ],
    cells: eventCells,
  },
});

/** What the older of the two event APIs demands; `component` is what the field is called in the API that was asked. */
export function validateCoreEvent(event: Event, component: string): FieldError[] {
  const { metadata, involvedObject } = event;
  const namespace = involvedObject.namespace ?? "";
  const agrees = event.eventTime
    ? namespace !== "" || ["default", "kube-system"].includes(metadata.namespace)
    : namespace
      ? namespace === metadata.namespace
      : ["", "default"].includes(metadata.namespace ?? "");
  const errors = agrees ? [] : [invalidValue("involvedObject.namespace", namespace, "does not match event.namespace")];
  return event.eventTime ? [...errors, ...newFieldErrors(event, component)] : errors;
}

/** An event with a time of its own is one of the newer API, which wants to know more. */
function newFieldErrors(event: Event, component: string): FieldError[] {
  const { reportingComponent, message = "" } = event;
  const errors = reportingComponent ? [] : [required(component)];
  errors.push(...nameErrors(component, reportingComponent, labelKey));
  for (const name of ["reportingInstance", "action", "reason"] as const) {
    const value = event[name] ?? "";
    if (!value) errors.push(required(name));
    if (value.length > MAX_WORD) errors.push(invalidValue(name, "", `can have at most ${MAX_WORD} characters`));
  }
  if (message.length > MAX_MESSAGE)
    errors.push(invalidValue("message", "", `can have at most ${MAX_MESSAGE} characters`));
  return errors;
}

function eventCells(event: Event, now: number): unknown[] {
  const { involvedObject, series, source } = event;
  const first = event.firstTimestamp || event.eventTime;
  const last = series ? series.lastObservedTime : event.lastTimestamp || first;
  const kind = (involvedObject.kind ?? "").toLowerCase();
  const from = [source.component || event.reportingComponent || "", source.host || event.reportingInstance || ""];
  return [
    age(last, now),
    event.type ?? "",
    event.reason ?? "",
    involvedObject.name ? `${kind}/${involvedObject.name}` : kind,
    involvedObject.fieldPath ?? "",
    from[1] ? from.join(", ") : from[0],
    (event.message ?? "").trim(),
    age(first, now),
    series ? (series.count ?? 0) : event.count || 1,
    event.metadata.name,
  ];
}
