/**
 * Events of events.k8s.io: the same objects as the core group's, under other names of their fields. New ones say more of who tells
 * them, and leave out what the older API counted; of one that is there, only its series changes.
 */
import { type FieldError, invalidValue, pathSegmentName, required } from "@kubets/machinery";
import { eventResource as coreEventResource, validateCoreEvent } from "../core/event.ts";
import { define } from "../define.ts";
import { checkImmutable, sameValue } from "../field-checks.ts";
import { eventsEventsV1 } from "../generated/refs.ts";
import type { Event as CoreEvent } from "../generated/types/core-v1.ts";
import type { Event } from "../generated/types/events-v1.ts";
import type { Draft, KubeObject } from "../meta.ts";
import type { ResourceDefinition } from "../resource.ts";
import { fromCore, toCore } from "./conversion.ts";

const COMPONENT = "reportingController";
const MIN_SERIES = 2;

const { table, selectableFields = {} } = coreEventResource;

export const eventResource = define(eventsEventsV1, {
  shortNames: ["ev"],
  ttlSeconds: 3600,
  createOnUpdate: true,
  validateName: (name) => pathSegmentName(name),
  hub: {
    resource: () => coreEventResource as unknown as ResourceDefinition,
    toHub: (event) => toCore(event) as Draft<KubeObject>,
    fromHub: (event) => fromCore(event as CoreEvent) as Draft<Event>,
  },
  validate: (event) => validate(toCore(event)),
  validateUpdate: (event, old) => validateUpdate(toCore(event), toCore(old)),
  selectableFields: selectable(),
  ...(table && {
    table: { columns: table.columns, cells: (event: Event, now: number) => table.cells(toCore(event), now) },
  }),
});

/** Field selectors name the fields of this version, and what they mean is the core object's. */
function selectable(): Record<string, (event: Event) => string> {
  const names: Readonly<Record<string, string>> = { source: "source", reportingComponent: COMPONENT };
  return Object.fromEntries(
    Object.entries(selectableFields).map(([name, read]) => [
      names[name] ?? name.replace("involvedObject.", "regarding."),
      (event: Event) => read(toCore(event)),
    ]),
  );
}

function validate(event: CoreEvent): FieldError[] {
  const errors = [...validateCoreEvent(event, COMPONENT), ...seriesErrors(event)];
  if (!event.eventTime) errors.push(required("eventTime"));
  if (event.type !== "Normal" && event.type !== "Warning")
    errors.push(invalidValue("type", "", `has invalid value: ${event.type ?? ""}`));
  const unset = (field: string, value: unknown) => {
    if (value) errors.push(invalidValue(field, "", "needs to be unset"));
  };
  unset("firstTimestamp", event.firstTimestamp);
  unset("lastTimestamp", event.lastTimestamp);
  unset("count", event.count);
  unset("source", event.source.component || event.source.host);
  return errors;
}

function seriesErrors({ series }: CoreEvent): FieldError[] {
  if (!series) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < MIN_SERIES)
    errors.push(invalidValue("series.count", "", `should be at least ${MIN_SERIES}`));
  if (!series.lastObservedTime) errors.push(required("series.lastObservedTime"));
  return errors;
}

/** In the original's order, in which the reason is looked at twice. */
const FIXED = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
] as const;

function validateUpdate(event: CoreEvent, old: CoreEvent): FieldError[] {
  return [
    ...validateCoreEvent(event, COMPONENT),
    ...(sameValue(event.series, old.series) ? [] : seriesErrors(event)),
    ...FIXED.flatMap((name) =>
      checkImmutable(name === "reportingComponent" ? COMPONENT : name, event[name] ?? null, old[name]),
    ),
  ];
}
