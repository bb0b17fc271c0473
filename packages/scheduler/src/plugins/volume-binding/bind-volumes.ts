/** Asks for what was chosen: claims a free volume, or names the node to the provisioner; then waits until every claim is bound. */
import { persistentvolumeclaims, persistentvolumes } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { Handle } from "../../framework/handle.ts";
import { type Choice, SELECTED_NODE } from "./choose-volume.ts";
import { isBound } from "./claims.ts";

type Lent = Pick<Handle, "client" | "cache" | "clock">;

export async function bindVolumes(
  handle: Lent,
  choices: readonly Choice[],
  node: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(choices.map((choice) => ask(handle, choice, node)));
  await allBound(
    handle,
    choices.map(({ claim }) => claim),
    node,
    timeoutMs,
    signal,
  );
}

async function ask({ client }: Lent, { claim, volume }: Choice, node: string): Promise<void> {
  const { namespace, name, uid, resourceVersion, annotations } = claim.metadata;
  if (volume) {
    if (volume.spec.claimRef?.uid) return;
    const claimRef = { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace, name, uid, resourceVersion };
    await client.update(persistentvolumes, {
      ...volume,
      metadata: {
        ...volume.metadata,
        annotations: { ...volume.metadata.annotations, "pv.kubernetes.io/bound-by-controller": "yes" },
      },
      spec: { ...volume.spec, claimRef },
    });
  } else if (annotations?.[SELECTED_NODE] !== node) {
    const body = { metadata: { uid, annotations: { [SELECTED_NODE]: node } } };
    await client.patch(persistentvolumeclaims, { namespace, name }, { type: "merge", body });
  }
}

/** A provisioner that gives up takes the node's name off the claim: the pod is then tried elsewhere. */
function allBound(
  { cache, clock }: Lent,
  claims: readonly PersistentVolumeClaim[],
  node: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = new Map(claims.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, false]));
    const end = (settle: () => void) => {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
      queueMicrotask(() => subscription.stop());
      settle();
    };
    const fail = (message: string) => end(() => reject(new Error(`binding volumes: ${message}`)));
    const onAbort = () => fail("the scheduler stops");
    const timer = clock.after(timeoutMs, () => fail("timed out waiting for the condition"));
    signal.addEventListener("abort", onAbort, { once: true });
    const look = (claim: PersistentVolumeClaim) => {
      const key = `${claim.metadata.namespace}/${claim.metadata.name}`;
      if (!left.has(key)) return;
      const selected = claim.metadata.annotations?.[SELECTED_NODE];
      if (isBound(claim)) left.delete(key);
      else if (left.get(key) && selected === undefined) fail(`provisioning failed for PVC "${claim.metadata.name}"`);
      else if (selected === node) left.set(key, true);
      if (left.size === 0) end(resolve);
    };
    const subscription = cache.informer(persistentvolumeclaims).subscribe({
      added: look,
      changed: look,
      deleted: ({ metadata }) => {
        if (left.has(`${metadata.namespace}/${metadata.name}`))
          fail(`persistentvolumeclaim "${metadata.name}" is gone`);
      },
    });
  });
}
