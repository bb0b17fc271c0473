// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { NamespacedMeta } from "../../meta.ts";
import type { EventSource, ObjectReference } from "./core-v1.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface Event {
  readonly kind: "Event";
  readonly apiVersion: "events.k8s.io/v1";
  readonly metadata: NamespacedMeta;
  readonly eventTime?: string | null;
  readonly series?: EventSeries;
  readonly reportingController?: string;
  readonly reportingInstance?: string;
  readonly action?: string;
  readonly reason?: string;
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly note?: string;
  readonly type?: string;
  readonly deprecatedSource: EventSource;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly deprecatedCount?: number;
}

export interface EventList {
  readonly kind: "EventList";
  readonly apiVersion: "events.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly Event[];
}

export interface EventSeries {
  readonly count: number;
  readonly lastObservedTime?: string | null;
}
