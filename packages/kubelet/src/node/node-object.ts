/** The Node as this kubelet reports it. Pure. */
import type { Node, NodeCondition, NodeStatus, Taint } from "@kubets/api/generated/types/core-v1";
import { milliQuantity, parseQuantity, Quantity } from "@kubets/machinery/quantity";
import { VERSION } from "@kubets/machinery/release";
import { formatTime } from "@kubets/machinery/time";
import type { KubeletConfig } from "../config.ts";
import { amountOf } from "../eviction/thresholds.ts";
import type { RuntimeHandler, RuntimeImage } from "../runtime/runtime.ts";
import type { MachineFacts } from "./machine.ts";

export interface NodeSettings {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly maxPods: number;
  /** 0 for any number. */
  readonly podsPerCore: number;
  /** How many images are told of; -1 for all. */
  readonly mostImages: number;
  /** Whether the disk is counted as something that pods ask for. */
  readonly countsDisk: boolean;
  /** What is kept from pods: sums of kubeReserved, systemReserved and what eviction keeps free. */
  readonly reserved: Readonly<Record<string, string>>;
  /** Instead of what the machine has, or on top of it. */
  readonly capacity?: Readonly<Record<string, string>>;
  readonly addresses: readonly string[];
  readonly hostname: string;
  readonly port: number;
  readonly providerId?: string;
  readonly unschedulable?: boolean;
  /** One for each family, with a comma. */
  readonly podCidr?: string;
}

interface OwnFacts {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly withheld: NodeSettings["reserved"];
  /** The port that it announces, where it is another than the one it listens at. */
  readonly port?: number | undefined;
}

export const settingsOf = (config: KubeletConfig, { name, addresses, withheld, port }: OwnFacts): NodeSettings => ({
  name,
  labels: config.nodeLabels,
  taints: config.registerWithTaints,
  maxPods: config.maxPods,
  podsPerCore: config.file.podsPerCore,
  mostImages: config.file.nodeStatusMaxImages,
  countsDisk: config.file.localStorageCapacityIsolation,
  reserved: withheld,
  addresses,
  hostname: config.hostname || name,
  port: port ?? config.port,
  ...(config.capacity && { capacity: config.capacity }),
  ...(config.providerId && { providerId: config.providerId }),
  ...(config.podCidr && { podCidr: config.podCidr }),
  ...(!config.registerSchedulable && { unschedulable: true }),
});

export interface NodeNow {
  readonly now: number;
  readonly machine: MachineFacts;
  /** "containerd://1.6.20" */
  readonly runtimeVersion: string;
  readonly handlers: readonly RuntimeHandler[];
  readonly images: readonly RuntimeImage[];
  /** What it can besides, by gates and by its runtime. */
  readonly moreFeatures?: readonly string[];
  /** What the node is short of: MemoryPressure, DiskPressure, PIDPressure. */
  readonly pressures?: ReadonlySet<string>;
  /** Why the node cannot take pods; none when it can. */
  readonly problems: readonly string[];
  /** What plugins offer. */
  readonly devices?: readonly { readonly resource: string; readonly capacity: number; readonly allocatable: number }[];
  /** Undefined as long as it is not known: what stands in the status stays. */
  readonly volumesInUse?: readonly string[] | undefined;
}

export function capacityOf(settings: NodeSettings, machine: MachineFacts): Record<string, string> {
  const { maxPods, podsPerCore, countsDisk, capacity = {} } = settings;
  const byCores = podsPerCore > 0 ? Math.floor(machine.cpuMilli / 1000) * podsPerCore : maxPods;
  return {
    cpu: milliQuantity(machine.cpuMilli).toString(),
    ...(countsDisk && { "ephemeral-storage": kibi(machine.diskBytes) }),
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    ...Object.fromEntries(Object.entries(machine.hugePages ?? {}).map(([name, bytes]) => [name, kibi(bytes)])),
    memory: kibi(machine.memoryBytes),
    pods: String(Math.min(maxPods, byCores)),
    ...capacity,
  };
}

/** What pods do not get: what is reserved, and what is to stay free before pods must go. */
export function withheldOf(
  { reserved, eviction }: Pick<KubeletConfig, "reserved" | "eviction">,
  machine: MachineFacts,
): Record<string, string> {
  const kept: Record<string, string> = { ...reserved };
  const add = (resource: string, text: string | undefined, capacity: number) => {
    if (text === undefined) return;
    const more = new Quantity(Math.floor(amountOf(text, capacity)), 0, "BinarySI");
    kept[resource] = (kept[resource] ? parseQuantity(kept[resource]).add(more) : more).toString();
  };
  add("memory", eviction.hard["memory.available"], machine.memoryBytes);
  add("ephemeral-storage", eviction.hard["nodefs.available"], machine.diskBytes);
  return kept;
}

const kibi = (bytes: number): string => new Quantity(Math.floor(bytes / 1024) * 1024, 0, "BinarySI").toString();

/** What is set aside for huge pages is no memory for anything else. */
export function allocatableOf(
  capacity: Readonly<Record<string, string>>,
  reserved: Readonly<Record<string, string>>,
): Record<string, string> {
  const left: Record<string, string> = {};
  for (const [name, text] of Object.entries(capacity)) {
    const kept = reserved[name];
    let rest = kept ? parseQuantity(text).sub(parseQuantity(kept)) : parseQuantity(text);
    if (name === "memory")
      for (const [other, pages] of Object.entries(capacity))
        if (other.startsWith("hugepages-")) rest = rest.sub(parseQuantity(pages));
    left[name] = rest.sign() < 0 ? "0" : rest.toString();
  }
  return left;
}

/** What not every release can do, and this one can: the cluster asks for it before it changes a running pod. */
const DECLARED = ["InPlacePodLevelResourcesVerticalScaling", "RestartAllContainersOnContainerExits"];

export function nodeStatus(settings: NodeSettings, facts: NodeNow, before: NodeStatus | undefined): NodeStatus {
  const { machine } = facts;
  const capacity = capacityOf(settings, machine);
  const volumesInUse = facts.volumesInUse ?? before?.volumesInUse;
  const offered = (of: "capacity" | "allocatable") =>
    Object.fromEntries((facts.devices ?? []).map((device) => [device.resource, String(device[of])]));
  return {
    capacity: { ...capacity, ...offered("capacity") },
    allocatable: { ...allocatableOf(capacity, settings.reserved), ...offered("allocatable") },
    conditions: conditionsOf(facts, before),
    addresses: [
      ...settings.addresses.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: settings.hostname },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: settings.port } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: facts.runtimeVersion,
      kubeletVersion: VERSION,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: machine.architecture,
      ...(machine.swapBytes && { swap: { capacity: machine.swapBytes } }),
    },
    images: imagesOf(facts.images, settings.mostImages),
    ...(volumesInUse && { volumesInUse }),
    declaredFeatures: [...DECLARED, ...(facts.moreFeatures ?? [])],
    ...(facts.handlers.length > 0 && {
      runtimeHandlers: facts.handlers.map(({ name, recursiveReadOnlyMounts, userNamespaces }) => ({
        name,
        features: { recursiveReadOnlyMounts, userNamespaces },
      })),
    }),
  };
}

function conditionsOf({ now, problems, pressures }: NodeNow, before: NodeStatus | undefined): NodeCondition[] {
  const verdicts: [type: string, status: "True" | "False", reason: string, message: string][] = [
    pressures?.has("MemoryPressure")
      ? ["MemoryPressure", "True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available"]
      : ["MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
    pressures?.has("DiskPressure")
      ? ["DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure"]
      : ["DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
    pressures?.has("PIDPressure")
      ? ["PIDPressure", "True", "KubeletHasInsufficientPID", "kubelet has insufficient PID available"]
      : ["PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
    problems.length === 0
      ? ["Ready", "True", "KubeletReady", "kubelet is posting ready status"]
      : [
          "Ready",
          "False",
          "KubeletNotReady",
          problems.length === 1 ? (problems[0] as string) : `[${problems.join(", ")}]`,
        ],
  ];
  const time = formatTime(now);
  return verdicts.map(([type, status, reason, message]) => {
    const known = before?.conditions?.find((condition) => condition.type === type);
    const moved = known?.status !== status;
    return {
      type,
      status,
      lastHeartbeatTime: time,
      lastTransitionTime: moved ? time : (known?.lastTransitionTime ?? time),
      reason,
      message,
    };
  });
}

/** The largest ones, each with at most five names. */
const imagesOf = (images: readonly RuntimeImage[], most: number) =>
  [...images]
    .sort((a, b) => b.size - a.size)
    .slice(0, most < 0 ? undefined : most)
    .map(({ digests, tags, size }) => ({ names: [...digests, ...tags].slice(0, 5), sizeBytes: size }))
    .filter(({ names }) => names.length > 0);

export const defaultLabels = (name: string, { architecture }: MachineFacts): Record<string, string> => ({
  "beta.kubernetes.io/arch": architecture,
  "beta.kubernetes.io/os": "linux",
  "kubernetes.io/arch": architecture,
  "kubernetes.io/hostname": name,
  "kubernetes.io/os": "linux",
});

function podCidrsOf(text = "") {
  const podCIDRs = text.split(",").filter(Boolean);
  return podCIDRs[0] ? { podCIDR: podCIDRs[0], podCIDRs } : {};
}

export function newNode(settings: NodeSettings, facts: NodeNow): Omit<Node, "metadata"> & { metadata: object } {
  const { name, labels, annotations = {}, taints, providerId, unschedulable, podCidr } = settings;
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: {
      name,
      labels: { ...defaultLabels(name, facts.machine), ...labels },
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true", ...annotations },
    },
    spec: {
      ...(taints.length > 0 && { taints }),
      ...(providerId && { providerID: providerId }),
      ...(unschedulable && { unschedulable }),
      ...podCidrsOf(podCidr),
    },
    status: nodeStatus(settings, facts, undefined),
  };
}
