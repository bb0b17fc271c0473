/** Deletes what was applied before under the same selector and stands in the files no more. */
import { type DeleteOptions, deleteObject } from "../api/write.ts";
import { UsageError } from "../errors.ts";
import { mapAt, textAt } from "../json.ts";
import { kindText } from "../resources/mapper.ts";
import { type Info, listInfos } from "../resources/select.ts";
import type { Api, Session } from "../session.ts";
import { type DryRun, dryRunText } from "../verbs/flags.ts";
import { LAST_APPLIED } from "./last-applied.ts";

/** What is looked through unless told otherwise, as group/version/kind. */
const KINDS = [
  "core/v1/ConfigMap",
  "core/v1/Endpoints",
  "core/v1/Namespace",
  "core/v1/PersistentVolumeClaim",
  "core/v1/PersistentVolume",
  "core/v1/Pod",
  "core/v1/ReplicationController",
  "core/v1/Secret",
  "core/v1/Service",
  "batch/v1/Job",
  "batch/v1/CronJob",
  "networking.k8s.io/v1/Ingress",
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/ReplicaSet",
  "apps/v1/StatefulSet",
];

interface PruneOptions {
  readonly selector: string;
  readonly allowlist: readonly string[];
  readonly dryRun: DryRun;
  /** Of everything that was applied just now. */
  readonly applied: readonly Info[];
  readonly uids: ReadonlySet<string>;
  readonly deletion?: Pick<DeleteOptions, "propagationPolicy" | "gracePeriodSeconds">;
  /** Waits until it is gone. */
  gone?(info: Info): Promise<void>;
}

export async function prune(session: Session, api: Api, options: PruneOptions): Promise<void> {
  const { dryRun } = options;
  for await (const info of prunable(api, options)) {
    if (dryRun !== "client")
      await deleteObject(api, info, { propagationPolicy: "Background", ...options.deletion, dryRun });
    if (dryRun === "none") await options.gone?.(info);
    session.line(`${kindText(info.resource)}/${info.name} pruned${dryRunText(dryRun)}`);
  }
}

/** What was applied before and is not among what was applied just now. */
export async function* prunable(
  api: Api,
  { selector, allowlist, applied, uids }: Pick<PruneOptions, "selector" | "allowlist" | "applied" | "uids">,
): AsyncGenerator<Info> {
  const mapper = await api.mapper();
  const namespaces = [...new Set(applied.flatMap(({ namespace }) => namespace ?? []))];
  const resources = (allowlist.length ? allowlist : KINDS).map((text) => {
    const words = text.split("/");
    if (words.length !== 3)
      throw new UsageError(`invalid GroupVersionKind format: ${text}, please follow <group/version/kind>`);
    const [group = "", version = "", kind = ""] = words;
    return mapper.forKind(group === "core" ? version : `${group}/${version}`, kind);
  });
  // Only what is in namespaces is looked through where nobody named kinds: others are everybody's.
  for (const resource of resources.toSorted((a, b) => Number(b.namespaced) - Number(a.namespaced))) {
    if (!resource.namespaced && allowlist.length === 0 && !applied.some(({ namespace }) => namespace === undefined))
      continue;
    for (const namespace of resource.namespaced ? namespaces : [undefined])
      for (const info of await listInfos(api, resource, namespace, { selector })) {
        const isOurs = mapAt(info.object, "metadata", "annotations")[LAST_APPLIED] !== undefined;
        if (isOurs && !uids.has(textAt(info.object, "metadata", "uid"))) yield info;
      }
  }
}
