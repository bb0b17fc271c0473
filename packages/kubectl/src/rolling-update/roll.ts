/**
 * Moves pods from one ReplicationController to another, and takes the old one away.
 * Holds: how far it got stands in annotations of the two, so that an update that was broken off goes on, or back.
 */
import { pods, replicationcontrollers } from "@kubets/api/generated/refs";
import type { ReplicationController } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import type { Client } from "@kubets/client";
import { type Clock, isReason, sleep } from "@kubets/machinery";
import { UsageError } from "../errors.ts";
import { firstLine, growth, isOver, type Sizes, shrinking } from "./plan.ts";
import { DESIRED, hashOf, NEXT, ORIGINAL, SOURCE } from "./successor.ts";

export interface RollParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly line: (text: string) => void;
  readonly updatePeriodMs: number;
  readonly pollMs: number;
  readonly timeoutMs: number;
}

/** Made with no pods, unless an update before this one has made it. */
export async function makeSuccessor(
  { client, line }: RollParts,
  old: ReplicationController,
  wanted: Input<ReplicationController>,
): Promise<ReplicationController> {
  const key = { namespace: old.metadata.namespace, name: wanted.metadata?.name ?? "" };
  const found = await client.get(replicationcontrollers, key).catch((error: unknown) => {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  });
  if (found && found.metadata.annotations?.[SOURCE] !== sourceOf(old))
    throw new UsageError(
      `Missing/unexpected annotations for controller ${key.name}, expected ${SOURCE}=${sourceOf(old)}`,
    );
  if (found) {
    line(`Found existing update in progress (${key.name}), resuming.`);
    return found;
  }
  const desired = (wanted.spec as { replicas?: number } | undefined)?.replicas ?? 1;
  const annotations = {
    ...(wanted.metadata as { annotations?: object } | undefined)?.annotations,
    [SOURCE]: sourceOf(old),
    [DESIRED]: String(desired),
  };
  const made = await client.create(replicationcontrollers, {
    ...wanted,
    metadata: { ...wanted.metadata, namespace: key.namespace, annotations },
    spec: { ...(wanted.spec as object), replicas: 0 },
  } as Input<ReplicationController>);
  line(`Created ${key.name}`);
  return made;
}

const sourceOf = ({ metadata }: ReplicationController): string => `${metadata.name}:${metadata.uid}`;

/** Gives the pods of the old one a label of their own, so that the new one's selector does not take them. */
export async function tellApart(
  { client }: RollParts,
  old: ReplicationController,
  labelKey: string,
  next: string,
): Promise<ReplicationController> {
  const { namespace, name } = old.metadata;
  const note = { metadata: { annotations: { [NEXT]: next } } };
  if (old.spec.selector?.[labelKey])
    return client.patch(replicationcontrollers, { namespace, name }, { type: "strategic", body: note });
  const labels = { [labelKey]: hashOf(old.spec.template) };
  await client.patch(
    replicationcontrollers,
    { namespace, name },
    { type: "strategic", body: { ...note, spec: { template: { metadata: { labels } } } } },
  );
  for (const pod of await podsOf(client, old))
    await client.patch(
      pods,
      { namespace, name: pod.metadata.name },
      { type: "strategic", body: { metadata: { labels } } },
    );
  return client.patch(
    replicationcontrollers,
    { namespace, name },
    { type: "strategic", body: { spec: { selector: labels } } },
  );
}

async function podsOf(client: Client, { metadata, spec }: ReplicationController) {
  const labelSelector = Object.entries(spec.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  return (await client.list(pods, { namespace: metadata.namespace, labelSelector })).items;
}

const readyOf = async (client: Client, controller: ReplicationController): Promise<number> =>
  (await podsOf(client, controller)).filter(
    ({ metadata, status }) =>
      !metadata.deletionTimestamp &&
      status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
  ).length;

export async function roll(parts: RollParts, old: ReplicationController, next: ReplicationController): Promise<void> {
  const { client, clock, line } = parts;
  const desired = Number(next.metadata.annotations?.[DESIRED] ?? 1);
  if (!old.metadata.annotations?.[ORIGINAL])
    await annotate(client, old, { [ORIGINAL]: String(old.spec.replicas ?? 1) });
  const names = { old: old.metadata.name, next: next.metadata.name };
  let sizes: Sizes = { old: old.spec.replicas ?? 1, next: next.spec.replicas ?? 0 };
  line(firstLine(names, sizes, desired));
  let progressed = clock.monotonic();
  while (!isOver(sizes, desired)) {
    const before = sizes;
    const up = growth(sizes, desired);
    if (up !== sizes.next) {
      line(`Scaling ${names.next} up to ${up}`);
      await resize(parts, next, up);
      sizes = { ...sizes, next: up };
      await sleep(clock, parts.updatePeriodMs);
    }
    const down = shrinking(sizes, desired, { old: await readyOf(client, old), next: await readyOf(client, next) });
    if (down !== sizes.old) {
      line(`Scaling ${names.old} down to ${down}`);
      await resize(parts, old, down);
      sizes = { ...sizes, old: down };
    }
    if (sizes.old !== before.old || sizes.next !== before.next) progressed = clock.monotonic();
    else if (clock.monotonic() - progressed > parts.timeoutMs)
      throw new UsageError("timed out waiting for any update progress to be made");
    else await sleep(clock, parts.pollMs);
  }
  await annotate(client, next, { [SOURCE]: null, [DESIRED]: null });
}

const annotate = (client: Client, { metadata: { namespace, name } }: ReplicationController, annotations: object) =>
  client.patch(replicationcontrollers, { namespace, name }, { type: "merge", body: { metadata: { annotations } } });

/** Until it has so many pods. */
async function resize(
  { client, clock, pollMs, timeoutMs }: RollParts,
  { metadata: { namespace, name } }: ReplicationController,
  replicas: number,
): Promise<void> {
  const from = clock.monotonic();
  const { metadata } = await client.patch(
    replicationcontrollers,
    { namespace, name },
    { type: "merge", body: { spec: { replicas } } },
  );
  for (;;) {
    const { status } = await client.get(replicationcontrollers, { namespace, name });
    if ((status.observedGeneration ?? 0) >= (metadata.generation ?? 0) && status.replicas === replicas) return;
    if (clock.monotonic() - from > timeoutMs) throw new UsageError("timed out waiting for the condition");
    await sleep(clock, pollMs);
  }
}

/** The new one takes the name of the old one, which is gone; its pods stay. */
export async function rename({ client, line }: RollParts, from: ReplicationController, name: string): Promise<void> {
  const { namespace } = from.metadata;
  line(`Renaming ${from.metadata.name} to ${name}`);
  const { metadata, spec } = await client.get(replicationcontrollers, { namespace, name: from.metadata.name });
  const { [SOURCE]: _, [DESIRED]: __, [ORIGINAL]: ___, [NEXT]: ____, ...annotations } = metadata.annotations ?? {};
  await client.delete(replicationcontrollers, { namespace, name: from.metadata.name }, { propagationPolicy: "Orphan" });
  await gone(client, namespace, from.metadata.name);
  const { labels } = metadata;
  await client.create(replicationcontrollers, {
    metadata: { namespace, name, annotations, ...(labels && { labels }) },
    spec,
  } as Input<ReplicationController>);
}

/** The garbage collector lets its pods go first. */
async function gone(client: Client, namespace: string, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { items, metadata } = await client.list(replicationcontrollers, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
  });
  if (items.length === 0) return;
  const scope = {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    ...(metadata.resourceVersion && { resourceVersion: metadata.resourceVersion }),
  };
  const watch = await client.watch(replicationcontrollers, scope, {
    events: (batch) => batch.some(({ type }) => type === "DELETED") && resolve(),
    closed: () => resolve(),
  });
  await promise;
  watch.stop();
}
