/** Rollouts: all pods made anew, and deployments held and let go on. */
import { isOneOf } from "../../kind-names.ts";
import { patchObject } from "../../server/change.ts";
import type { KubeObject } from "../../server/object.ts";
import type { Action } from "../actions.ts";
import { asking } from "./question.ts";

const isPaused = ({ spec }: KubeObject): boolean => (spec as { readonly paused?: boolean }).paused === true;

export const restart: Action = asking({
  title: "Restart",
  text: "All of its pods are replaced, a few at a time, as its strategy says.",
  appliesTo: (kind, object) =>
    isOneOf(kind, ["deployments.apps", "statefulsets.apps", "daemonsets.apps"]) && !isPaused(object),
  send(server, kind, object) {
    const restartedAt = `${new Date().toISOString().slice(0, 19)}Z`;
    const annotations = { "kubectl.kubernetes.io/restartedAt": restartedAt };
    const patch = { spec: { template: { metadata: { annotations } } } };
    return patchObject(server, kind, object, { type: "strategic", patch });
  },
  done: "is being restarted",
});

export const pause: Action = asking({
  title: "Pause",
  text: "Changes of its pod template wait until it is resumed; it can still be scaled.",
  appliesTo: (kind, object) => isOneOf(kind, ["deployments.apps"]) && !isPaused(object),
  send: (server, kind, object) =>
    patchObject(server, kind, object, { type: "merge", patch: { spec: { paused: true } } }),
  done: "is paused",
});

export const resume: Action = asking({
  title: "Resume",
  text: "What was changed of its pod template meanwhile is rolled out now.",
  appliesTo: (kind, object) => isOneOf(kind, ["deployments.apps"]) && isPaused(object),
  send: (server, kind, object) =>
    patchObject(server, kind, object, { type: "merge", patch: { spec: { paused: null } } }),
  done: "goes on",
});
