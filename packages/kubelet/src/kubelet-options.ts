/** What a kubelet is given of the world: a real machine, a simulated one, or parts of a test. */
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { PodCgroups } from "./cgroups/pod-cgroups.ts";
import type { KubeletConfig } from "./config.ts";
import type { Dialer } from "./dialer.ts";
import type { Disk } from "./disk/disk.ts";
import type { Observation } from "./eviction/thresholds.ts";
import type { Exec } from "./exec.ts";
import type { KernelLog } from "./node/kernel-log.ts";
import type { MachineFacts } from "./node/machine.ts";
import type { KubeletPaths } from "./paths.ts";
import type { ProberOptions } from "./probes/prober.ts";
import type { MachineTopology } from "./resources/machine-topology.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { ShutdownNotices } from "./shutdown/shutdown.ts";
import type { Fetch } from "./static-pods/static-pods.ts";

export interface KubeletOptions {
  /** Without one it runs its static pods alone. */
  readonly client?: Client;
  readonly runtime: Runtime;
  readonly nodeName: string;
  /** What the program was started with, for /flagz. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly disk: Disk;
  /** Programs of the node; a simulated one has none. */
  readonly exec?: Exec;
  readonly paths: KubeletPaths;
  readonly machine: MachineFacts;
  /** The node's addresses, the first one first. */
  readonly addresses: readonly string[];
  /** Connects from within the node's network. */
  readonly dialer?: Dialer;
  readonly cgroups?: PodCgroups;
  readonly config?: KubeletConfig;
  /** Instead of making one; for tests. */
  readonly events?: EventRecorder;
  /** Instead of real attempts; for simulated runtimes. */
  readonly probe?: ProberOptions["attempt"];
  /** Instead of asking the network for static pods; for tests. */
  readonly fetch?: Fetch;
  /** Instead of looking at the machine for what runs low; for tests. */
  readonly observe?: () => Promise<Observation>;
  /** Who tells that the machine shuts down. */
  readonly shutdowns?: ShutdownNotices;
  readonly kernelLog?: (signal: AbortSignal) => KernelLog;
  /** Whether programs of the machine may register as its plugins. */
  readonly plugins?: boolean;
  /** CPUs and NUMA nodes of the machine, where more is known than how many. */
  readonly topology?: MachineTopology;
  /** The node's own resolv.conf, as text. */
  readonly resolvConf?: string;
  /** The port that the node announces, where that is not the configuration's. */
  readonly port?: Promise<number>;
}
