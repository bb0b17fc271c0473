/** A pod goes, if disruption budgets allow it. */
import { isOneOf } from "../../kind-names.ts";
import { evictPod } from "../../server/evict.ts";
import type { Action } from "../actions.ts";
import { asking } from "./question.ts";

export const evict: Action = asking({
  title: "Evict",
  text: "It is deleted if the disruption budgets that count it allow that.",
  danger: true,
  appliesTo: (kind, { metadata }) => isOneOf(kind, ["pods"]) && !metadata.deletionTimestamp,
  send: (server, _kind, object) => evictPod(server, object),
  done: "is being evicted",
});
