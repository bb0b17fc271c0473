/** Jobs and cron jobs are held, and go on. */
import { isOneOf } from "../../kind-names.ts";
import { patchObject } from "../../server/change.ts";
import type { Kind } from "../../server/kinds.ts";
import type { KubeObject } from "../../server/object.ts";
import type { Action } from "../actions.ts";
import { asking } from "./question.ts";

interface Suspendable {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Undefined where it cannot be: a job that is over has nothing left to hold. */
function isSuspended(kind: Kind, object: KubeObject): boolean | undefined {
  if (!isOneOf(kind, ["jobs.batch", "cronjobs.batch"])) return undefined;
  const { spec, status } = object as Suspendable;
  const isOver = status?.conditions?.some(
    ({ type, status: holds }) => ["Complete", "Failed"].includes(type) && holds === "True",
  );
  return isOver ? undefined : spec?.suspend === true;
}

export const suspend: Action = asking({
  title: "Suspend",
  text: "A job's pods are deleted, and begin anew once it is resumed; a cron job makes no jobs until then.",
  appliesTo: (kind, object) => isSuspended(kind, object) === false,
  send: (server, kind, object) =>
    patchObject(server, kind, object, { type: "merge", patch: { spec: { suspend: true } } }),
  done: "is suspended",
});

export const unsuspend: Action = asking({
  title: "Resume",
  text: "It goes on from here.",
  appliesTo: (kind, object) => isSuspended(kind, object) === true,
  send: (server, kind, object) =>
    patchObject(server, kind, object, { type: "merge", patch: { spec: { suspend: false } } }),
  done: "goes on",
});
