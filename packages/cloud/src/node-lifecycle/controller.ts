/**
 * Looks after nodes that are not ready: those whose machine is gone are deleted, those whose machine is shut down are tainted, so that
 * their pods and volumes can go elsewhere.
 * Owns: the shutdown taint. Watches: nodes.
 */
import { isTrue } from "@kubets/api/condition";
import { nodes } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Controller, on, type Requeue } from "@kubets/client";
import { formatTime, isReason } from "@kubets/machinery";
import type { Instances } from "../provider.ts";

const SHUTDOWN = { key: "node.cloudprovider.kubernetes.io/shutdown", effect: "NoSchedule" };

export const cloudNodeLifecycle = (instances: Instances, monitorEveryMs: number): Controller => ({
  name: "cloud-node-lifecycle",
  watches: [on(nodes)],
  async reconcile(name, { cache, client, clock, events }): Promise<Requeue | void> {
    const node = cache.get(nodes, name);
    if (!node) return undefined;
    const { uid, resourceVersion } = node.metadata;
    const others = (node.spec.taints ?? []).filter(({ key }) => key !== SHUTDOWN.key);
    const isTainted = others.length < (node.spec.taints?.length ?? 0);
    const setTaints = (taints: readonly object[]) =>
      client.patch(nodes, { name }, { type: "merge", body: { metadata: { resourceVersion }, spec: { taints } } });
    if (isReady(node)) {
      if (isTainted) await setTaints(others);
      return undefined;
    }
    const instance = await instances.find(node);
    if (!instance) {
      const about = { kind: "Node", apiVersion: "v1", name, uid };
      const text = `Deleting node ${name} because it does not exist in the cloud provider`;
      events.as("cloud-node-lifecycle-controller").event(about, "Normal", "DeletingNode", text);
      await client.delete(nodes, { name }, { preconditions: { uid } }).catch((error: unknown) => {
        if (!isReason(error, "NotFound")) throw error;
      });
      return undefined;
    }
    if (instance.isShutDown && !isTainted)
      await setTaints([...others, { ...SHUTDOWN, timeAdded: formatTime(clock.now()) }]);
    return { requeueAfterMs: monitorEveryMs };
  },
});

const isReady = ({ status }: Node): boolean => isTrue(status.conditions, "Ready");
