/** What a pod worker works with, and what it must know of its node. */
import type { Node, Service } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { PodCgroups } from "../cgroups/pod-cgroups.ts";
import type { DnsFacts } from "../container-config/dns.ts";
import type { NodeFacts } from "../container-config/resources.ts";
import type { SecurityFacts } from "../container-config/security-context.ts";
import type { Dialer } from "../dialer.ts";
import type { Disk } from "../disk/disk.ts";
import type { DynamicResources } from "../dra/dynamic-resources.ts";
import type { ImagePuller } from "../images/image-puller.ts";
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import type { KubeletPaths } from "../paths.ts";
import type { Prober } from "../probes/prober.ts";
import type { NodeResources } from "../resources/node-resources.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { UserNamespaces } from "../userns/user-namespaces.ts";
import type { Volumes } from "../volumes/volumes.ts";
import type { RestartBackoffLimits } from "./restart-backoff.ts";
import type { RuntimeCache } from "./runtime-cache.ts";
import type { StatusWriter } from "./status-writer.ts";

export interface PodTools {
  readonly client: Client;
  readonly runtime: Runtime;
  readonly cache: RuntimeCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly disk: Disk;
  readonly paths: KubeletPaths;
  readonly volumes: Volumes;
  readonly objects: ReferencedObjects;
  readonly images: ImagePuller;
  readonly prober: Prober;
  readonly statuses: StatusWriter;
  readonly cgroups: PodCgroups;
  readonly userNamespaces: UserNamespaces;
  readonly resources: NodeResources;
  readonly dynamicResources: DynamicResources;
  readonly dialer: Dialer;
  readonly node: NodeView;
  readonly metrics: KubeletMetrics;
  readonly signal: AbortSignal;
}

export interface NodeView {
  readonly name: string;
  /** "containerd" */
  readonly runtimeName: string;
  readonly facts: NodeFacts;
  readonly security: SecurityFacts;
  readonly dns: DnsFacts;
  /** How long what ended waits to be started again. */
  readonly crashLoop: RestartBackoffLimits;
  /** Whether statuses tell which images volumes show (gate ImageVolumeWithDigest). */
  readonly tellsVolumeImages: boolean;
  /** Whether statuses tell by which signals containers are asked to end (gate ContainerStopSignals). */
  readonly tellsStopSignals: boolean;
  /** Whether an image is another one for each handler of the runtime (gate RuntimeClassInImageCriApi). */
  readonly imagesByHandler: boolean;
  /** Whether images may be on another disk than what containers write (gate KubeletSeparateDiskGC). */
  readonly splitsDisks: boolean;
  hostIPs(): readonly string[];
  allocatable(): Readonly<Record<string, string>>;
  services(): readonly Service[];
  node(): Node | undefined;
  /** Whether the runtime's network is up. */
  networkReady(): boolean;
  /** The handler of a RuntimeClass; rejects when it is not there. */
  runtimeHandler(className: string): Promise<string>;
  /** Whether the runtime can give pods users of their own with this handler. */
  hasUserNamespaces(handler: string): boolean;
}
