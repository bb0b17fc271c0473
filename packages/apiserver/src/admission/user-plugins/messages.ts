/** What goes between the server and the process of a user's plugin. All of it is plain data. */
import type { UserAdmissionPlugin, UserAdmissionRequest } from "./user-plugin.ts";

export type Phase = "mutate" | "validate";

export interface Asked {
  readonly id: number;
  readonly phase: Phase;
  readonly request: Omit<UserAdmissionRequest, "warn">;
}

/** Told once, when the file was loaded. */
export interface Loaded {
  readonly say: "loaded";
  readonly plugin: Pick<UserAdmissionPlugin, "name" | "operations" | "resources">;
  readonly phases: readonly Phase[];
}

interface NotLoaded {
  readonly say: "not loaded";
  readonly why: string;
}

export interface Answered {
  readonly say: "answered";
  readonly id: number;
  readonly warnings: readonly string[];
  /** Why it is refused. */
  readonly refused?: string;
  /** What a mutating plugin made of the object. */
  readonly object?: unknown;
}

export type FromPlugin = Loaded | NotLoaded | Answered;
