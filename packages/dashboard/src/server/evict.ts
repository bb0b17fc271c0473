/** Asks that a pod goes, which the server grants as far as disruption budgets allow. */
import { PODS } from "../kind-names.ts";
import { AS_DASHBOARD } from "./change.ts";
import { pathOf } from "./kinds.ts";
import type { KubeObject } from "./object.ts";
import type { Server } from "./server.ts";

export function evictPod(server: Server, { metadata }: KubeObject, signal?: AbortSignal): Promise<unknown> {
  const { namespace, name, uid } = metadata;
  const body = JSON.stringify({
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { namespace, name },
    // A pod that has the name by now, but is another one, stays.
    deleteOptions: { preconditions: { uid } },
  });
  return server.text(`${pathOf(PODS, namespace, name, "eviction")}${AS_DASHBOARD}`, { method: "POST", body, signal });
}
