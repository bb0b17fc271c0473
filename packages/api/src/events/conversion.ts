/** Events between events.k8s.io/v1 and the core group, in whose form they are stored: the same fields under other names. */
import { canonical } from "../codec/canonical.ts";
import type { Event as CoreEvent } from "../generated/types/core-v1.ts";
import type { Event } from "../generated/types/events-v1.ts";
import { structOf } from "../schema.ts";

const CORE = "api.core.v1.Event";
const EVENTS = "api.events.v1.Event";

/** From here to the core group; what is not named has one name in both. */
const NAMES: readonly [events: keyof Event, core: keyof CoreEvent][] = [
  ["reportingController", "reportingComponent"],
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
];
const toCoreNames = new Map<string, string>(NAMES);
const fromCoreNames = new Map<string, string>(NAMES.map(([events, core]) => [core, events]));

const renamed = (object: object, names: ReadonlyMap<string, string>) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]));

export const toCore = (event: Event): CoreEvent =>
  canonical(structOf(CORE), { ...renamed(event, toCoreNames), apiVersion: "v1" }) as unknown as CoreEvent;

export const fromCore = (event: CoreEvent): Event =>
  canonical(structOf(EVENTS), { ...renamed(event, fromCoreNames), apiVersion: "events.k8s.io/v1" }) as unknown as Event;
