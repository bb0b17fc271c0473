/** The static pods of a node, from its folder and its URL, for as long as the kubelet runs. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Clock, Logger } from "@kubets/machinery";
import { isOpen } from "@kubets/machinery/given-gates";
import type { KubeletConfig } from "../config.ts";
import type { Disk } from "../disk/disk.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { type Fetch, followStaticPods, podsAtUrl, podsInFolder } from "./static-pods.ts";

export interface FollowSourcesOptions {
  readonly config: KubeletConfig;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  readonly signal: AbortSignal;
  /** Instead of asking the network. */
  readonly fetch?: Fetch | undefined;
  set(pod: Pod): void;
  removed(pod: Pod): void;
}

/** Each of the promises ends with the signal. */
export function followSources(options: FollowSourcesOptions): Promise<void>[] {
  const { config, disk, clock, log, nodeName, signal, fetch = fetchBytes } = options;
  const { staticPodPath, staticPodUrl, staticPodUrlHeader } = config;
  const mayRefer = !isOpen("PreventStaticPodAPIReferences", config.file.featureGates);
  const making = { clock, log, nodeName, mayRefer };
  const headers = Object.fromEntries(Object.entries(staticPodUrlHeader).map(([name, all]) => [name, all.join(", ")]));
  const sources = [
    ...(staticPodPath
      ? [{ source: podsInFolder(staticPodPath, disk, making), periodMs: config.fileCheckFrequencyMs }]
      : []),
    ...(staticPodUrl
      ? [{ source: podsAtUrl(staticPodUrl, headers, fetch, making), periodMs: config.httpCheckFrequencyMs }]
      : []),
  ];
  return sources.map(({ source, periodMs }) => followStaticPods({ ...making, signal, periodMs }, source, options));
}
