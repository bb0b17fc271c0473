/** Whether a node is well, and what it may give to pods. */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { amountOf } from "./amounts.ts";

export interface NodeBrief {
  readonly metadata: { readonly name: string };
  readonly isReady: boolean;
  /** All that somebody should know of; empty where all is well. */
  readonly trouble: readonly string[];
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
}

export function nodeBrief({ metadata, spec, status }: Node): NodeBrief {
  const conditions = status.conditions ?? [];
  const ready = conditions.find(({ type }) => type === "Ready");
  const isReady = ready?.status === "True";
  const pressing = conditions.filter(({ type, status: is }) => type !== "Ready" && is === "True");
  const trouble = [
    ...(isReady ? [] : [`not ready${ready?.message ? `: ${ready.message}` : ""}`]),
    ...pressing.map(({ type, message }) => (message ? `${type}: ${message}` : type)),
    ...(spec.unschedulable ? ["takes no new pods"] : []),
  ];
  const amount = (name: string) => amountOf(status.allocatable?.[name]);
  const name = metadata.name ?? "";
  return {
    metadata: { name },
    isReady,
    trouble,
    cpu: amount("cpu"),
    memory: amount("memory"),
    pods: amount("pods"),
  };
}
