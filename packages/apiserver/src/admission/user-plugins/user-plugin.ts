/**
 * A user's own admission plugin: one TypeScript file whose default export is one of these, named by --admission-plugin-file. It runs in a process of its
 * own: what it does wrong (throws, hangs, ends its process, eats memory) refuses the write and harms nothing else.
 *
 *     export default {
 *       name: "NoLatest",
 *       operations: ["CREATE", "UPDATE"],
 *       resources: ["pods"],
 *       validate({ object }) {
 *         if (object.spec.containers.some((c) => c.image.endsWith(":latest"))) throw new Error("images need a version");
 *       },
 *     } satisfies UserAdmissionPlugin<Pod>;
 */
import type { Operation } from "../plugin.ts";

/** `T` is the kind of object that it is about. */
export interface UserAdmissionPlugin<T = unknown> {
  /** Told in refusals. */
  readonly name: string;
  readonly operations: readonly Operation[];
  /** "pods", "pods/status", "deployments.apps"; "*" for all. */
  readonly resources: readonly string[];
  /** Changes `object` in place. */
  mutate?(request: UserAdmissionRequest<T>): void | Promise<void>;
  /** Refuses by throwing an error, whose message the client is told. */
  validate?(request: UserAdmissionRequest<T>): void | Promise<void>;
}

/** Plain data: what it is about, and who asks. */
export interface UserAdmissionRequest<T = unknown> {
  readonly operation: Operation;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** As it will be stored; absent on deletes. */
  readonly object: T;
  /** As it stands; absent on creates. */
  readonly old: T;
  readonly user: { readonly username: string; readonly uid?: string; readonly groups: readonly string[] };
  readonly dryRun: boolean;
  /** Told to the client as a warning. */
  warn(text: string): void;
}
