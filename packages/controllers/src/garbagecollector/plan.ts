/** What becomes of an object, given what became of its owners. Pure. */
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import { deletesDependents, FOREGROUND, type GraphNode, ORPHAN } from "./graph.ts";

export type OwnerState = "solid" | "dangling" | "waiting";

type Fate =
  | { readonly kind: "keep" }
  /** References to owners that are gone, or that wait for it to go, are taken out: others still hold it. */
  | { readonly kind: "unlink"; readonly uids: readonly string[] }
  | {
      readonly kind: "delete";
      readonly policy: "Background" | "Foreground" | "Orphan";
      /** Its own dependents wait for each other: it must not block its owners any more. */
      readonly unblock: boolean;
    };

export function fateOf(
  node: GraphNode,
  owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[],
  dependents: readonly GraphNode[],
): Fate {
  if (owners.length === 0) return { kind: "keep" };
  const others = owners.filter(({ state }) => state !== "solid");
  if (others.length === 0) return { kind: "keep" };
  if (others.length < owners.length) return { kind: "unlink", uids: others.map(({ reference }) => reference.uid) };
  if (owners.some(({ state }) => state === "waiting") && dependents.length > 0)
    return { kind: "delete", policy: "Foreground", unblock: dependents.some(deletesDependents) };
  const policy = node.finalizers.includes(ORPHAN)
    ? "Orphan"
    : node.finalizers.includes(FOREGROUND)
      ? "Foreground"
      : "Background";
  return { kind: "delete", policy, unblock: false };
}
