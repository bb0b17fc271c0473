/**
 * Empties namespaces that were deleted, and lets them go when nothing is left.
 * Owns: the finalizer "kubernetes" in their spec. Watches: namespaces, and pods, whose end lets the rest be deleted.
 */
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Namespace } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, on, onRelated, type Requeue } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { discoverResources } from "../discovered-resources.ts";
import { unlessGone } from "../error-text.ts";
import { writeStatus } from "../write-status.ts";
import { deleteContent, type Outcome } from "./delete-content.ts";
import { namespaceStatus } from "./status.ts";

const FINALIZER = "kubernetes";

export const namespaceController = (): Controller => ({
  name: "namespace",
  workers: 10,
  watches: [
    on(namespaces),
    onRelated(pods, ({ metadata }, old, { cache }) =>
      !old && cache.get(namespaces, metadata.namespace)?.metadata.deletionTimestamp ? [metadata.namespace] : [],
    ),
  ],
  reconcile,
});

async function reconcile(name: string, context: ControllerContext): Promise<Requeue | void> {
  const { cache, client } = context;
  const cached = cache.get(namespaces, name);
  if (!cached?.metadata.deletionTimestamp) return;
  const fresh = await freshOf(name, context);
  if (!fresh?.metadata.deletionTimestamp || fresh.metadata.uid !== cached.metadata.uid) return;
  const namespace = (await writeStatus(client, namespaces, fresh, { ...fresh.status, phase: "Terminating" })) ?? fresh;
  if (!namespace.spec.finalizers?.includes(FINALIZER)) return;

  const outcome = await deleteContent(client, name, await discoverResources(client));
  const told =
    (await writeStatus(client, namespaces, namespace, namespaceStatus(namespace, outcome, context.clock.now()))) ??
    namespace;
  const wait = waitFor(outcome);
  if (wait !== undefined) return { requeueAfterMs: wait };
  const finalizers = namespace.spec.finalizers.filter((each) => each !== FINALIZER);
  await unlessGone(
    client.update(namespaces, { ...told, spec: { ...told.spec, finalizers } }, { subresource: "finalize" }),
  );
}

/** Undefined when all is gone. Throws when something should have gone and did not. */
function waitFor({ remaining, deletionFailures, discoveryFailures, estimateSeconds }: Outcome): number | undefined {
  if (remaining.size > 0 && estimateSeconds > 0) return (Math.floor(estimateSeconds / 2) + 1) * 1000;
  const first = deletionFailures[0] ?? discoveryFailures[0];
  if (first !== undefined) throw new Error(first);
  if (remaining.size > 0) throw new Error(`unexpected items still remain: ${[...remaining.keys()].join(", ")}`);
  return undefined;
}

/** The status is written often here, so the cache may be behind; reading once costs less than a conflict. */
async function freshOf(name: string, { client }: ControllerContext): Promise<Namespace | undefined> {
  try {
    return await client.get(namespaces, { name });
  } catch (error) {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  }
}
