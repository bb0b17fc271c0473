/**
 * Keeps the objects of priority and fairness in order: the two that must be there come back, those that say so follow the defaults, and each
 * schema says whether its level exists. Looks when one of them changed, and writes only what differs.
 */
import { flowSchemas, priorityLevels } from "@kubets/api/bootstrap/index";
import { flowschemas, prioritylevelconfigurations } from "@kubets/api/generated/refs";
import type { FlowSchema, PriorityLevelConfiguration } from "@kubets/api/generated/types/flowcontrol-v1";
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client/client";
import { type Clock, deepEqual, isReason, type Logger, type Timer } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";
import { timestamp } from "../write/context.ts";

const MANAGER = "api-priority-and-fairness-config-consumer-v1";
const FOLLOWS_DEFAULT = "apf.kubernetes.io/autoupdate-spec";
const MANDATORY = new Set(["exempt", "catch-all"]);
const SETTLE_MS = 20;
const RETRY_MS = 5000;

interface Parts {
  readonly served: ServedResources;
  readonly view: ClusterView;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
}

type Kept = FlowSchema | PriorityLevelConfiguration;

/** Returns what ends it. */
export function keepFairnessObjects(parts: Parts): () => void {
  let timer: Timer | undefined;
  let stopped = false;
  const look = (delay = SETTLE_MS) => {
    if (stopped) return;
    timer ??= parts.clock.after(delay, () => {
      timer = undefined;
      reconcile(parts).catch((error: unknown) => {
        if (!stopped) parts.log.warn("objects of priority and fairness could not be kept", { error });
        look(RETRY_MS);
      });
    });
  };
  follow(parts.served, flowschemas, () => look());
  follow(parts.served, prioritylevelconfigurations, () => look());
  return () => {
    stopped = true;
    timer?.cancel();
  };
}

async function reconcile(parts: Parts): Promise<void> {
  await keepDefaults(parts, prioritylevelconfigurations, priorityLevels);
  await keepDefaults(parts, flowschemas, flowSchemas);
  for (const schema of parts.view.list(flowschemas)) await sayWhetherDangling(parts, schema);
}

async function keepDefaults<T extends Kept>(
  { view, client }: Parts,
  ref: ResourceRef<T & KubeObject>,
  defaults: readonly Input<T>[],
): Promise<void> {
  for (const wanted of defaults as readonly Input<Kept>[]) {
    const name = wanted.metadata?.name ?? "";
    const found = view.get(ref, "", name);
    const isMandatory = MANDATORY.has(name);
    if (!found && isMandatory) await create(client, ref, wanted);
    if (!found || (!isMandatory && found.metadata.annotations?.[FOLLOWS_DEFAULT] !== "true")) continue;
    const spec = { ...(found.spec as object), ...(wanted.spec as object) };
    if (deepEqual(spec, found.spec)) continue;
    await client.update(ref, { ...found, spec } as unknown as Input<T & KubeObject>).catch(ignoreConflict);
  }
}

async function create(client: Client, ref: ResourceRef, wanted: Input<Kept>): Promise<void> {
  await client.create(ref, wanted as Input<KubeObject>).catch((error: unknown) => {
    if (!isReason(error, "AlreadyExists")) throw error;
  });
}

async function sayWhetherDangling(
  { view, client, clock }: Parts,
  { metadata, spec, status }: FlowSchema,
): Promise<void> {
  const { name } = spec.priorityLevelConfiguration;
  const exists = view.get(prioritylevelconfigurations, "", name) !== undefined;
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`;
  const wanted = exists
    ? { type: "Dangling", status: "False", reason: "Found", message: `${about} and it exists` }
    : { type: "Dangling", status: "True", reason: "NotFound", message: `${about} but there is no such object` };
  const now = status.conditions?.find(({ type }) => type === "Dangling");
  if (now?.status === wanted.status && now.reason === wanted.reason && now.message === wanted.message) return;
  const since = now?.status === wanted.status ? now.lastTransitionTime : timestamp(clock.now());
  const object = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: metadata.name },
    status: { conditions: [{ ...wanted, lastTransitionTime: since }] },
  };
  const options = { fieldManager: MANAGER, force: true, subresource: "status" };
  await client.apply(flowschemas, object as unknown as Input<FlowSchema>, options).catch((error: unknown) => {
    // It went in the meantime.
    if (!isReason(error, "NotFound")) ignoreConflict(error);
  });
}

/** Somebody changed it at the same time; their change brings us back here. */
function ignoreConflict(error: unknown): void {
  if (!isReason(error, "Conflict")) throw error;
}
