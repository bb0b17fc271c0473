/** Pods of a higher priority go first; among equals, who has waited longest. */
import type { Plugin, QueuedPod } from "../../framework/plugin.ts";

export const prioritySort: Plugin = {
  name: "PrioritySort",
  queueSort: (a: QueuedPod, b: QueuedPod) => b.info.priority - a.info.priority || a.queued - b.queued,
};
