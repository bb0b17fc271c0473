/** Pods from a folder of manifests, read again and again: each file is one pod, which lives as long as its file. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { defaultPod } from "@kubets/api/pod/defaults";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import { parseYaml } from "@kubets/machinery/yaml";
import type { Disk } from "../disk/disk.ts";

export interface StaticPodsOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly folder: string;
  readonly periodMs: number;
  readonly nodeName: string;
}

export interface StaticPodSink {
  set(pod: Pod): void;
  removed(pod: Pod): void;
}

export const CONFIG_SOURCE = "kubernetes.io/config.source";
export const CONFIG_HASH = "kubernetes.io/config.hash";
export const CONFIG_SEEN = "kubernetes.io/config.seen";

export async function followStaticPods(options: StaticPodsOptions, sink: StaticPodSink): Promise<void> {
  const { clock, signal, periodMs, log } = options;
  let known = new Map<string, Pod>();
  while (!signal.aborted) {
    try {
      const present = await readFolder(options, known);
      for (const [uid, pod] of known) if (!present.has(uid)) sink.removed(pod);
      for (const [uid, pod] of present) if (!known.has(uid)) sink.set(pod);
      known = present;
    } catch (error) {
      log.warn("the folder of static pods could not be read", { error });
    }
    await sleep(clock, periodMs, signal).catch(() => {});
  }
}

/** A changed file is another pod: its uid is made of what stands in it. */
async function readFolder(options: StaticPodsOptions, known: ReadonlyMap<string, Pod>): Promise<Map<string, Pod>> {
  const { disk, folder, log } = options;
  const present = new Map<string, Pod>();
  for (const name of (await disk.list(folder)).sort()) {
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    try {
      const pod = staticPod(await disk.readFile(path), path, options);
      const { uid } = pod.metadata;
      present.set(uid, known.get(uid) ?? pod);
    } catch (error) {
      log.warn("a manifest of a static pod is not good", { path, error });
    }
  }
  return present;
}

export function staticPod(
  content: Buffer,
  path: string,
  { nodeName, clock }: Pick<StaticPodsOptions, "nodeName" | "clock">,
): Pod {
  const given = parseYaml(content.toString()) as unknown as Pod;
  if (given?.kind !== "Pod" || !given.metadata?.name) throw new Error(`${path}: a Pod with a name is wanted`);
  const hash = createHash("md5").update(content).update(path).update(nodeName).digest("hex");
  const pod = structuredClone({
    ...given,
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
        [CONFIG_SOURCE]: "file",
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
  return pod;
}
