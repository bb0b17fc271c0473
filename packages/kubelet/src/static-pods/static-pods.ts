/** Pods from manifests in a folder or at a URL, read again and again: each lives as long as its manifest. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { defaultPod } from "@kubets/api/pod/defaults";
import { isCritical } from "@kubets/api/pod/priority";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import { parseYaml } from "@kubets/machinery/yaml";
import type { Disk } from "../disk/disk.ts";
import { apiReference } from "./api-references.ts";

export interface StaticPodsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly periodMs: number;
  readonly nodeName: string;
  /** Whether they may name objects of the API. */
  readonly mayRefer?: boolean;
}

/** Gives the pods that are there now, by uid; those that were known and did not change are the same. Rejects when nothing can be said. */
export type StaticPodSource = (known: ReadonlyMap<string, Pod>) => Promise<Map<string, Pod>>;

export interface StaticPodSink {
  set(pod: Pod): void;
  removed(pod: Pod): void;
}

export const CONFIG_SOURCE = "kubernetes.io/config.source";
export const CONFIG_HASH = "kubernetes.io/config.hash";
export const CONFIG_SEEN = "kubernetes.io/config.seen";

/** Not from the API. */
export const isStatic = ({ metadata }: Pod): boolean =>
  ["file", "http"].includes(metadata.annotations?.[CONFIG_SOURCE] ?? "");

/** The node keeps it whatever it is short of, and others make room for it. */
export const isNodeCritical = (pod: Pod): boolean => isStatic(pod) || isCritical(pod);

export async function followStaticPods(
  { clock, signal, periodMs, log }: StaticPodsOptions,
  source: StaticPodSource,
  sink: StaticPodSink,
): Promise<void> {
  let known = new Map<string, Pod>();
  while (!signal.aborted) {
    try {
      const present = await source(known);
      for (const [uid, pod] of known) if (!present.has(uid)) sink.removed(pod);
      for (const [uid, pod] of present) if (!known.has(uid)) sink.set(pod);
      known = present;
    } catch (error) {
      log.warn("the manifests of static pods could not be read", { error });
    }
    await sleep(clock, periodMs, signal).catch(() => {});
  }
}

type Making = Pick<StaticPodsOptions, "clock" | "nodeName" | "log" | "mayRefer">;

/** Each file is one pod; what is no good manifest is told of and left out. */
export const podsInFolder =
  (folder: string, disk: Disk, making: Making): StaticPodSource =>
  async (known) => {
    const present = new Map<string, Pod>();
    for (const name of (await disk.list(folder)).sort()) {
      if (name.startsWith(".")) continue;
      const path = join(folder, name);
      try {
        const content = await disk.readFile(path);
        keep(present, known, staticPod(readManifest(content), content, path, "file", making));
      } catch (error) {
        making.log.warn("a manifest of a static pod is not good", { path, error });
      }
    }
    return present;
  };

export type Fetch = (url: string, headers: Readonly<Record<string, string>>) => Promise<Buffer>;

/** One pod, or a list of them. */
export const podsAtUrl =
  (url: string, headers: Readonly<Record<string, string>>, get: Fetch, making: Making): StaticPodSource =>
  async (known) => {
    const content = await get(url, headers);
    const manifest = readManifest(content);
    const given = manifest.kind === "Pod" ? [manifest] : manifest.items;
    if (!Array.isArray(given)) throw new Error(`${url}: a Pod or a list of pods is wanted`);
    const present = new Map<string, Pod>();
    for (const each of given as Manifest[]) {
      const own = given.length === 1 ? content : Buffer.from(JSON.stringify(each));
      keep(present, known, staticPod({ ...each, kind: "Pod" }, own, url, "http", making));
    }
    return present;
  };

function keep(present: Map<string, Pod>, known: ReadonlyMap<string, Pod>, pod: Pod): void {
  present.set(pod.metadata.uid, known.get(pod.metadata.uid) ?? pod);
}

type Manifest = Partial<Pick<Pod, "metadata" | "spec">> & { readonly kind?: string; readonly items?: unknown };

const readManifest = (content: Buffer): Manifest => (parseYaml(content.toString()) ?? {}) as unknown as Manifest;

/** A manifest that changed is another pod: its uid is made of what stands in it. */
function staticPod(
  given: Manifest,
  content: Buffer,
  path: string,
  source: "file" | "http",
  { nodeName, clock, mayRefer }: Making,
): Pod {
  if (given.kind !== "Pod" || !given.metadata?.name) throw new Error(`${path}: a Pod with a name is wanted`);
  const hash = createHash("md5").update(content).update(path).update(nodeName).digest("hex");
  const pod = structuredClone({
    ...given,
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...given.metadata,
      name: `${given.metadata.name}-${nodeName}`,
      namespace: given.metadata.namespace || "default",
      uid: given.metadata.uid || hash,
      creationTimestamp: formatTime(clock.now()),
      resourceVersion: "",
      annotations: {
        ...given.metadata.annotations,
        [CONFIG_HASH]: given.metadata.uid || hash,
        [CONFIG_SEEN]: formatTime(clock.now()),
        [CONFIG_SOURCE]: source,
      },
    },
    spec: {
      ...given.spec,
      nodeName,
      // A node that has its own pods does not lose them by what it is tainted with.
      tolerations: [...(given.spec?.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }],
    },
    status: {},
  }) as Pod;
  defaultPod(pod as Draft<Pod>);
  const referred = mayRefer ? undefined : apiReference(pod);
  if (referred) throw new Error(`static pods may not reference ${referred}`);
  return pod;
}
