/** The events that one class of watchers is told at once, and their bytes in each form that is asked for, made once. */
import type { Frame } from "@kubets/wire/http";
import type { CachedObject } from "./cached-object.ts";

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";

export interface BatchEvent {
  readonly type: WatchEventType;
  readonly object: CachedObject;
}

/** How events become bytes: JSON, protobuf, tables, ... The key tells forms apart. */
export interface EventForm {
  readonly key: string;
  frame(events: readonly BatchEvent[]): Frame;
}

export class EventBatch {
  readonly events: BatchEvent[] = [];
  #frames: Map<string, Frame> | undefined;

  add(type: WatchEventType, object: CachedObject): void {
    this.events.push({ type, object });
  }

  frame(form: EventForm): Frame {
    this.#frames ??= new Map();
    let frame = this.#frames.get(form.key);
    if (!frame) this.#frames.set(form.key, (frame = form.frame(this.events)));
    return frame;
  }
}
