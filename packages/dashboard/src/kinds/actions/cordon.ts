/** Nodes are closed for new pods, and opened again. */
import { isOneOf } from "../../kind-names.ts";
import { patchObject } from "../../server/change.ts";
import type { KubeObject } from "../../server/object.ts";
import type { Action } from "../actions.ts";
import { asking } from "./question.ts";

const isClosed = ({ spec }: KubeObject): boolean =>
  (spec as { readonly unschedulable?: boolean } | undefined)?.unschedulable === true;

export const cordon: Action = asking({
  title: "Cordon",
  text: "It gets no new pods; those that it has stay.",
  appliesTo: (kind, object) => isOneOf(kind, ["nodes"]) && !isClosed(object),
  send: (server, kind, object) =>
    patchObject(server, kind, object, { type: "merge", patch: { spec: { unschedulable: true } } }),
  done: "is cordoned",
});

export const uncordon: Action = asking({
  title: "Uncordon",
  text: "It gets new pods again.",
  appliesTo: (kind, object) => isOneOf(kind, ["nodes"]) && isClosed(object),
  send: (server, kind, object) =>
    patchObject(server, kind, object, { type: "merge", patch: { spec: { unschedulable: null } } }),
  done: "is uncordoned",
});
