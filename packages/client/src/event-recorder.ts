/**
 * Tells people what happened, as Event objects. Repeats of the same event are counted up in one object instead of written anew, bursts
 * are limited for each source and object; recording never waits and never fails the work.
 */
import type { KubeObject } from "@kubets/api/meta";

export interface EventRecorder {
  /** `type` Normal or Warning; `reason` one CamelCase word; `message` for people. */
  event(about: ObjectToldOf, type: "Normal" | "Warning", reason: string, message: string, more?: EventDetails): void;
  /** A recorder that signs with another component name. */
  as(component: string, host?: string): EventRecorder;
}

/** What events of events.k8s.io say beside the rest. */
export interface EventDetails {
  /** What was done or tried, one CamelCase word. */
  readonly action: string;
  /** Another object that had a part in it. */
  readonly related?: ObjectToldOf;
}

/** An object of the cache, or its coordinates; `fieldPath` for a part of it ("spec.containers{web}"). */
export type ObjectToldOf =
  | KubeObject
  | {
      readonly kind: string;
      readonly apiVersion: string;
      readonly namespace?: string;
      readonly name: string;
      readonly uid?: string;
      readonly resourceVersion?: string;
      readonly fieldPath?: string;
    };
