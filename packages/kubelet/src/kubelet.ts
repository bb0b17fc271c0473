/**
 * Puts the kubelet together and starts it: everything that it needs of the world is in the options.
 *
 * Order: the runtime answers and is read once; then static pods are followed, the node is registered and its pods are watched; a pod is worked on only
 * after the runtime was read, so that what an earlier kubelet started is taken up and not started again.
 */
import { nodes, pods, runtimeclasses, services } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { sleep } from "@kubets/machinery";
import { isOpen, missingFeatures, NATIVE_HISTOGRAMS } from "@kubets/machinery/given-gates";
import { parseQuantity } from "@kubets/machinery/quantity";
import { RELEASE } from "@kubets/machinery/release";
import { enforced, memoryReserve } from "./cgroups/layout.ts";
import { noCgroups } from "./cgroups/pod-cgroups.ts";
import { type KubeletConfig, kubeletDefaults } from "./config.ts";
import { directDialer } from "./dialer.ts";
import { Evictor } from "./eviction/evictor.ts";
import type { Exec } from "./exec.ts";
import { NOT_THERE } from "./feature-gates.ts";
import { keepHouse } from "./housekeeping.ts";
import { ImageCollector, imagesInUse } from "./images/image-gc.ts";
import { ImagePuller } from "./images/image-puller.ts";
import { nodeCredentials } from "./images/node-credentials.ts";
import { PullRecords } from "./images/pull-records.ts";
import type { KubeletOptions } from "./kubelet-options.ts";
import { KubeletMetrics } from "./metrics/kubelet-metrics.ts";
import { meteredRuntime } from "./metrics/metered-runtime.ts";
import { countPods } from "./metrics/pod-counts.ts";
import { loggedEvents, noApiServer } from "./no-api-server.ts";
import { fixedFacts } from "./node/fixed-facts.ts";
import { keepLease } from "./node/lease.ts";
import type { MachineFacts } from "./node/machine.ts";
import { type NodeEvent, nodeRef } from "./node/node-events.ts";
import { allocatableOf, capacityOf, type NodeNow, settingsOf, withheldOf } from "./node/node-object.ts";
import { NodeReporter } from "./node/node-reporter.ts";
import { ReferencedObjects } from "./objects/referenced-objects.ts";
import { nodePlugins } from "./plugins/node-plugins.ts";
import { PodWorkers } from "./pod-workers/pod-workers.ts";
import { RuntimeCache } from "./pod-workers/runtime-cache.ts";
import { StatusWriter } from "./pod-workers/status-writer.ts";
import type { NodeView, PodTools } from "./pod-workers/tools.ts";
import type { PodFeed } from "./pods-api/pod-feed.ts";
import { Prober } from "./probes/prober.ts";
import type { RuntimeStatus } from "./runtime/runtime.ts";
import { untilAnswered } from "./runtime/until-answered.ts";
import { shutdownSteps, totalSeconds } from "./shutdown/plan.ts";
import { NodeShutdown, SHUTTING_DOWN } from "./shutdown/shutdown.ts";
import { followSources } from "./static-pods/follow-sources.ts";
import { MirrorPods } from "./static-pods/mirror-pods.ts";
import { isStatic } from "./static-pods/static-pods.ts";
import { VolumeUsages } from "./stats/volume-usage.ts";
import { UserNamespaces } from "./userns/user-namespaces.ts";
import { ImageVolumes } from "./volumes/image-volumes.ts";
import { IscsiVolumes } from "./volumes/iscsi.ts";
import { PodCertificates } from "./volumes/pod-certificates.ts";
import { ServiceAccountTokens } from "./volumes/tokens.ts";
import { TrustBundleWatch } from "./volumes/trust-bundle-watch.ts";
import { Volumes } from "./volumes/volumes.ts";

export interface Kubelet {
  readonly nodeName: string;
  /** Resolves when its pods are known, those of the API too; static ones do not wait for that. */
  readonly ready: Promise<void>;
  readonly workers: PodWorkers;
  readonly tools: PodTools;
  readonly config: KubeletConfig;
  /** What the program was started with. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly machine: MachineFacts;
  readonly node: NodeReporter;
  readonly metrics: KubeletMetrics;
  readonly volumeUsages: VolumeUsages;
  readonly exec: Exec | undefined;
  /** Why it is not healthy, if it is not. */
  unhealthy(): string | undefined;
  /** Stops; containers go on. */
  stop(): Promise<void>;
}

const HOST_NETWORK_USERS = "UserNamespacesHostNetworkSupport";
/** What a gone pod left behind is tried to be removed again. */
const ORPHANS_AGAIN_MS = 5000;

export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client = noApiServer, nodeName, clock, random, disk, paths, machine, addresses } = options;
  const isAlone = options.client === undefined;
  const config = options.config ?? kubeletDefaults;
  const log = options.log.with({ node: nodeName });
  for (const warning of missingFeatures(NOT_THERE, config.file.featureGates)) log.warn(warning);
  const metrics = new KubeletMetrics(clock);
  if (isOpen(NATIVE_HISTOGRAMS, config.file.featureGates)) metrics.registry.openNativeHistograms();
  const runtime = meteredRuntime(options.runtime, metrics, clock);
  const stopping = new AbortController();
  const { signal } = stopping;
  const informerOptions = { client, clock, random, log, signal };
  const informers = new SharedInformers(informerOptions);
  const serviceInformer = informers.informer(services);
  const recorderOptions = { client, clock, random, log, component: "kubelet", host: nodeName, signal };
  const events = options.events ?? (isAlone ? loggedEvents(log) : createEventRecorder(recorderOptions));

  const tellOfNode = (type: "Normal" | "Warning", reason: string, message: string) =>
    events.event(nodeRef(nodeName), type, reason, message);
  const tell = ({ type, reason, message }: NodeEvent) => tellOfNode(type, reason, message);
  const version = await untilAnswered(runtime, clock, log, signal);
  const cgroups = options.cgroups ?? noCgroups;
  const withheld = withheldOf(config, machine);
  let port: number | undefined;
  const settings = () => settingsOf(config, { name: nodeName, addresses, withheld, port });
  const allocatable = allocatableOf(capacityOf(settings(), machine), withheld);

  const sharesNetwork = isOpen(HOST_NETWORK_USERS, config.file.featureGates);
  let runtimeStatus: RuntimeStatus = { ready: true, networkReady: true, message: "", handlers: [] };
  const problems = (): string[] => {
    if (shutdown.isUnderWay) return [SHUTTING_DOWN];
    if (cache.lastError) return [`container runtime is down: ${cache.lastError.message}`];
    if (!runtimeStatus.ready || !runtimeStatus.networkReady)
      return [`container runtime network not ready: ${runtimeStatus.message}`];
    return [];
  };
  const reporter = new NodeReporter({
    client,
    clock,
    log,
    signal,
    settings,
    register: config.registerNode && !isAlone,
    lookMs: config.nodeStatusUpdateFrequencyMs,
    reportMs: config.nodeStatusReportFrequencyMs,
    async look(): Promise<NodeNow> {
      try {
        runtimeStatus = await runtime.status();
      } catch (error) {
        runtimeStatus = { ...runtimeStatus, ready: false, message: (error as Error).message };
      }
      return {
        now: clock.now(),
        machine,
        runtimeVersion: `${version.name}://${version.version.replace(/^v/, "").split("~")[0]}`,
        handlers: runtimeStatus.handlers,
        images: await runtime.listImages().catch(() => []),
        moreFeatures: runtimeStatus.userNamespacesHostNetwork && sharesNetwork ? [HOST_NETWORK_USERS] : [],
        pressures: evictor.pressures(),
        problems: problems(),
        devices: plugins.devices(),
        volumesInUse: plugins.volumesInUse.names(),
      };
    },
    tell,
    written: ({ volumesInUse }) => plugins.volumesInUse.reported(volumesInUse),
  });

  const node: NodeView = {
    name: nodeName,
    runtimeName: version.name,
    ...fixedFacts({
      config,
      machine,
      allocatableBytes: parseQuantity(allocatable["memory"] ?? "0").value(),
      cgroupV2: cgroups.version === 2,
      root: paths.root,
      resolvConf: options.resolvConf,
    }),
    hostIPs: () => addresses,
    allocatable: () => allocatable,
    services: () => serviceInformer.list(),
    node: () => reporter.node,
    networkReady: () => runtimeStatus.networkReady,
    async runtimeHandler(name) {
      return (await client.get(runtimeclasses, { name })).handler;
    },
    hasUserNamespaces: (handler) =>
      runtimeStatus.handlers.some(({ name, userNamespaces }) => name === handler && userNamespaces),
  };

  // Nothing calls it before the workers are there: the cache is started, and objects are tracked, only later.
  const wake = (uid: string) => made.wake(uid);
  const cache = new RuntimeCache({ runtime, clock, random, log, signal, metrics, changed: wake });
  const refresh = (uid: string) => made.get(uid)?.refreshVolumes();
  const objects = new ReferencedObjects({ ...informerOptions, changed: refresh });
  const certificates = new PodCertificates({ ...informerOptions, events, node: () => reporter.node, changed: refresh });
  const dialer = options.dialer ?? directDialer;
  const prober = new Prober({
    runtime,
    dialer,
    clock,
    random,
    log,
    events,
    kubeletVersion: RELEASE,
    podIP: (pod) => (pod.spec.hostNetwork ? addresses[0] : cache.get(pod.metadata.uid).sandboxes[0]?.ips[0]) ?? "",
    changed: wake,
    ...(options.probe && { attempt: options.probe }),
  });
  const tokens = new ServiceAccountTokens(client, clock, log);
  const plugins = nodePlugins({
    registry: metrics.registry,
    ...options,
    client,
    config,
    log,
    signal,
    tokens,
    events,
    cache: () => cache,
    wake,
    changed: () => reporter.hurry(),
  });
  const { resources, dynamicResources, csi } = plugins;
  const records = new PullRecords({
    disk,
    folder: paths.root,
    mustVerify: config.mustVerifyImage,
    refOf: async (image) => (await runtime.imageStatus(image))?.id,
    now: () => clock.now(),
    log,
  });
  const tools: PodTools = {
    client,
    runtime,
    cache,
    clock,
    random,
    log,
    events,
    disk,
    paths,
    volumes: new Volumes({
      disk,
      paths,
      objects,
      bundles: new TrustBundleWatch({ ...informerOptions, changed: refresh }),
      tokens,
      certificates,
      clock,
      client,
      images: new ImageVolumes({ runtime, disk, paths }),
      csi,
      ...(options.exec && { iscsi: new IscsiVolumes({ exec: options.exec, disk, paths, clock }) }),
    }),
    objects,
    images: new ImagePuller(runtime, clock, {
      records,
      metrics,
      ...(config.maxParallelImagePulls !== undefined && { parallel: config.maxParallelImagePulls }),
      ...(config.file.registryPullQPS > 0 && {
        pace: { rate: config.file.registryPullQPS, burst: config.file.registryBurst },
      }),
      moreCredentials: nodeCredentials({ config, disk, folder: paths.root, client, tokens, clock, log }),
    }),
    prober,
    statuses: new StatusWriter({ client, clock, random, log, signal, metrics }),
    cgroups,
    resources,
    dynamicResources,
    userNamespaces: new UserNamespaces(disk, paths, config.maxPods),
    dialer,
    node,
    metrics,
    signal,
  };

  const podInformer = informers.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const mirrors = new MirrorPods({ client, clock, nodeName, log, signal, node: () => reporter.node, seen: wake });
  // Loaded only where it is used, with the tables of protobuf.
  const feed =
    options.plugins && isOpen("PodsAPI", config.file.featureGates)
      ? new (await import("./pods-api/pod-feed.ts")).PodFeed({
          pods: () => made.all().map(({ seen }) => seen),
          dropped: () => metrics.podEventDropped(),
        })
      : undefined;
  let knowsPods = false;
  const made: PodWorkers = new PodWorkers(tools, {
    allowedSysctls: config.allowedUnsafeSysctls,
    pressures: () => evictor.pressures(),
    shutsDown: () => shutdown.isUnderWay,
    apiPod: (pod) =>
      isStatic(pod)
        ? mirrors.mirrorOf(pod)
        : podInformer.get(`${pod.metadata.namespace}/${pod.metadata.name}`)?.metadata.uid === pod.metadata.uid
          ? podInformer.get(`${pod.metadata.namespace}/${pod.metadata.name}`)
          : undefined,
    ended: (pod) => mirrors.ended(pod),
    feed,
  });

  countPods({ workers: made, nodeName, tools, metrics });

  const looksAtHealth = isOpen("CSIVolumeHealth", config.file.featureGates);
  const volumeUsages = new VolumeUsages(tools, {
    periodMs: config.file.volumeStatsAggPeriod,
    ...(looksAtHealth && {
      abnormal: (pod, volume, message) =>
        events.event(pod, "Warning", "VolumeConditionAbnormal", `Volume ${volume}: ${message}`),
    }),
  });

  const inUse = () => imagesInUse(cache.all());
  const images = new ImageCollector({
    runtime,
    disk,
    clock,
    log,
    config,
    inUse,
    byHandler: node.imagesByHandler,
    folder: paths.root,
    records,
    metrics,
    warn: (reason, message) => tellOfNode("Warning", reason, message),
  });
  const steps = shutdownSteps(config.file);
  const shutdown = new NodeShutdown({
    steps,
    workers: made,
    clock,
    log,
    signal,
    metrics,
    changed: () => reporter.hurry(),
  });
  const evictor = new Evictor({
    tools,
    workers: made,
    machine,
    config,
    changed: () => reporter.hurry(),
    freeDisk: async (what) => {
      const containers = what.containers && (await made.removeEnded());
      return (what.images && (await images.collect({ all: true }))) || containers;
    },
    ...(options.observe && { observe: options.observe }),
  });

  const finish: Promise<unknown>[] = [];
  const ready = (async () => {
    tellOfNode("Normal", "Starting", "Starting kubelet.");
    [port] = await Promise.all([options.port, cache.start()]);
    await cgroups.hold(enforced(config, machine)).then(
      () => tellOfNode("Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods"),
      (error: unknown) => {
        log.warn("what is reserved is not held apart from pods", { error });
        tellOfNode("Warning", "FailedNodeAllocatableEnforcement", (error as Error).message);
      },
    );
    await plugins.load();
    if (feed) await offerPods(feed);
    finish.push(
      reporter.run(),
      ...keepHouse({
        clock,
        log,
        signal,
        config,
        runtime,
        disk,
        cache,
        images,
        evictor,
        tell,
        kernelLog: options.kernelLog?.(signal),
        weigh: memoryReserve(config, machine) && (() => made.weigh()),
        lookAtVolumes: looksAtHealth ? () => volumeUsages.look(made.pods()) : undefined,
      }),
      ...followSources({
        config,
        disk,
        clock,
        log,
        nodeName,
        signal,
        fetch: options.fetch,
        set: (pod) => {
          mirrors.set(pod);
          made.set(pod);
        },
        removed: (pod) => {
          mirrors.remove(pod);
          made.remove(pod.metadata.uid);
        },
      }),
    );
    if (!isAlone) await reachApi();
    if (options.plugins)
      await plugins
        .start(() => made.pods())
        .catch((error: unknown) => log.error("plugins of this node cannot register", { error }));
    follow(podInformer.list());
    knowsPods = true;
  })();

  /** To programs of the machine. */
  async function offerPods(offered: PodFeed): Promise<void> {
    try {
      const { servePods } = await import("./pods-api/serve-pods.ts");
      const served = await servePods({ root: paths.root, disk, clock, feed: offered, isReady: () => knowsPods });
      signal.addEventListener("abort", () => void served.close());
    } catch (error) {
      log.error("programs of this node cannot be told of its pods", { error });
    }
  }

  /** Until what the API has for this node is known. */
  async function reachApi(): Promise<void> {
    const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
    nodeInformer.subscribe({
      added: (found) => {
        reporter.saw(found);
        mirrors.ensure();
      },
      changed: (found) => reporter.saw(found),
      deleted: () => reporter.saw(undefined),
    });
    const durationSeconds = config.nodeLeaseDurationSeconds;
    finish.push(keepLease({ client, clock, log, nodeName, durationSeconds, node: () => reporter.node, signal }));
    await Promise.all([serviceInformer.synced, podInformer.synced, nodeInformer.synced]);
  }

  /** From here on every change of a pod reaches its worker. */
  function follow(present: readonly Pod[]): void {
    const ours = (pod: Pod) => pod.spec.nodeName === nodeName;
    podInformer.subscribe({
      added: (pod) => ours(pod) && (mirrors.saw(pod) || made.set(pod)),
      changed: (pod) => ours(pod) && (mirrors.saw(pod) || made.set(pod)),
      deleted: (pod) => ours(pod) && (mirrors.lost(pod) || made.remove(pod.metadata.uid)),
    });
    const wanted = () => new Set([...present.filter(ours), ...mirrors.pods()].map(({ metadata }) => metadata.uid));
    const endOrphans = async () => {
      await sleep(clock, 2000, signal);
      // A storage driver that must withdraw what it published may register later.
      while (!(await made.endOrphans(wanted()))) await sleep(clock, ORPHANS_AGAIN_MS, signal);
    };
    finish.push(endOrphans().catch(() => {}));
  }

  if (steps.length > 0 && options.shutdowns) {
    const [begun, calledOff] = [() => shutdown.begin(), () => shutdown.callOff()];
    const watching = options.shutdowns.watch({ seconds: totalSeconds(steps), signal, begun, calledOff });
    finish.push(watching.catch((error: unknown) => log.warn("shutdowns of the machine are not heard of", { error })));
  }

  ready.catch((error: unknown) => {
    if (!signal.aborted) log.error("the kubelet could not begin", { error });
  });
  return {
    nodeName,
    ready,
    workers: made,
    tools,
    config,
    machine,
    node: reporter,
    metrics,
    volumeUsages,
    exec: options.exec,
    flags: options.flags ?? {},
    unhealthy: () => problems()[0],
    async stop() {
      stopping.abort(new Error("the kubelet stops"));
      prober.stop();
      for (const worker of made.all()) worker.stop();
      await Promise.allSettled(finish);
    },
  };
}
