/**
 * A cluster in this process for tests of controllers: the real API server on memory storage, controllers over its in-process transport, and a
 * starter that binds pods to a node and reports them ready, all on one virtual clock. `stop` ends everything.
 */
import { leases, nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type Client, SharedInformers, type Transport } from "@kubets/client";
import { type StartOptions, startControllers } from "@kubets/controllers/start-controllers";
import { type Clock, createLogger, every, isReason, seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { formatMicroTime, formatTime } from "@kubets/machinery/time";
import { type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";

export interface ClusterOptions
  extends Partial<Pick<StartOptions, "controllers" | "options">>,
    Omit<ControlPlaneOptions, "clock" | "random" | "log"> {
  /** Decides how a pod goes on once bound; "ready" by default. */
  readonly fate?: (pod: Pod) => "ready" | "running" | "succeeded" | "failed" | "pending";
  /** How many copies of the controllers run at once. */
  readonly copies?: number;
}

export async function startCluster({
  fate = () => "ready",
  copies = 1,
  controllers,
  options,
  ...given
}: ClusterOptions = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(7);
  const log = process.env.LOG
    ? createLogger({ level: process.env.LOG as "debug", now: () => clock.now() })
    : silentLogger;
  const plane = await startControlPlane({ clock, random, log, ...given });
  const client = plane.clientAs("test");
  const stopping = new AbortController();
  const { signal } = stopping;
  const writes: string[] = [];
  /** Starts the controllers (again); `road` stands between them and the server. */
  const runControllers = (
    copy: number,
    stop: AbortSignal,
    road: (transport: Transport) => Transport = (same) => same,
  ) => {
    const counted = (transport: Transport) => road(counting(transport, writes));
    const { started } = startControllers({
      client: plane.clientAs(`controllers-${copy}`, ["system:masters"], counted),
      clientFor: (account) => plane.clientFor(account, counted),
      clock,
      random,
      log,
      signal: AbortSignal.any([signal, stop]),
      ...(controllers && { controllers }),
      ...(options && { options }),
    });
    return started;
  };
  for (let copy = 0; copy < copies; copy++) void runControllers(copy, signal);
  const node = new TestNode(client, clock, "node-1");
  await node.start(signal);
  startPods(client, clock, fate, signal);

  const at = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += STEP_MS) {
      await clock.advance(STEP_MS);
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  /** Moves time on until it holds. */
  const until = async (condition: () => Promise<boolean> | boolean, limitMs = 60_000) => {
    for (let gone = 0; gone < limitMs; gone += STEP_MS) {
      if (await condition()) return;
      await at(STEP_MS);
    }
    throw new Error(`the condition did not come true within ${limitMs} ms of virtual time`);
  };
  return {
    clock,
    client,
    plane,
    writes,
    node,
    runControllers,
    at,
    until,
    get: <T extends KubeObject>(ref: ResourceRef<T>, name: string, namespace = "default") =>
      client.get(ref, ref.namespaced ? { namespace, name } : { name }),
    list: async <T extends KubeObject>(ref: ResourceRef<T>, namespace = "default") =>
      (await client.list(ref, ref.namespaced ? { namespace } : {})).items,
    create: <T extends KubeObject>(ref: ResourceRef<T>, object: Input<T>) => client.create(ref, object),
    gone: async (ref: ResourceRef, name: string, namespace = "default") => {
      try {
        await client.get(ref, ref.namespaced ? { namespace, name } : { name });
        return false;
      } catch (error) {
        if (isReason(error, "NotFound")) return true;
        throw error;
      }
    },
    async stop() {
      stopping.abort(new Error("the test is over"));
      await at(STEP_MS);
      await plane.close();
    },
  };
}

export type TestCluster = Awaited<ReturnType<typeof startCluster>>;

const STEP_MS = 50;

/** Notes what is written, but for events. */
function counting(transport: Transport, writes: string[]): Transport {
  return {
    ...transport,
    request: (request) => {
      if (request.method !== "GET" && !request.path.includes("/events"))
        writes.push(`${request.method} ${request.path}`);
      return transport.request(request);
    },
  };
}

/** Binds, runs and ends pods. A kubelet and a scheduler, as far as controllers can tell. */
export function startPods(
  client: Client,
  clock: Clock,
  fate: NonNullable<ClusterOptions["fate"]>,
  signal: AbortSignal,
): void {
  const random = seededRandom(3);
  const cache = new SharedInformers({ client, clock, random, log: silentLogger, signal });
  let address = 0;
  const step = async (pod: Pod) => {
    const { namespace, name } = pod.metadata;
    const key = { namespace, name };
    try {
      if (pod.metadata.deletionTimestamp) {
        await client.delete(pods, key, { gracePeriodSeconds: 0 });
      } else if (!pod.spec.nodeName) {
        await client.act(pods, key, "binding", {
          kind: "Binding",
          apiVersion: "v1",
          metadata: { name },
          target: { kind: "Node", name: "node-1" },
        });
      } else if (pod.status.phase === "Pending" && fate(pod) !== "pending") {
        const status = statusOf(fate(pod), formatTime(clock.now()), `10.1.${address >> 8}.${address++ & 255}`);
        await client.patch(pods, key, { type: "merge", body: { status } }, { subresource: "status" });
      }
    } catch (error) {
      if (!isReason(error, "NotFound") && !isReason(error, "Conflict") && !signal.aborted) throw error;
    }
  };
  cache.informer(pods).subscribe({ added: (pod) => void step(pod), changed: (pod) => void step(pod) });
}

function statusOf(fate: string, time: string, ip: string) {
  if (fate === "succeeded" || fate === "failed") {
    const exitCode = fate === "failed" ? 1 : 0;
    const state = {
      terminated: { exitCode, reason: exitCode ? "Error" : "Completed", startedAt: time, finishedAt: time },
    };
    const containerStatuses = [{ name: "c", ready: false, restartCount: 0, image: "i", imageID: "i", state }];
    return {
      phase: fate === "failed" ? "Failed" : "Succeeded",
      startTime: time,
      podIP: ip,
      podIPs: [{ ip }],
      containerStatuses,
      conditions: [{ type: "Ready", status: "False", lastTransitionTime: time }],
    };
  }
  const ready = fate === "ready";
  const containerStatuses = [
    { name: "c", ready, restartCount: 0, image: "i", imageID: "i", state: { running: { startedAt: time } } },
  ];
  return {
    phase: "Running",
    startTime: time,
    podIP: ip,
    podIPs: [{ ip }],
    containerStatuses,
    conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: time }],
  };
}

/** A node that renews its lease every ten seconds until it is told to be silent. */
class TestNode {
  readonly #client: Client;
  readonly #clock: VirtualClock;
  readonly name: string;
  silent = false;

  constructor(client: Client, clock: VirtualClock, name: string) {
    this.#client = client;
    this.#clock = clock;
    this.name = name;
  }

  async start(signal: AbortSignal): Promise<void> {
    const time = formatTime(this.#clock.now());
    await this.#client.create(nodes, { metadata: { name: this.name } });
    const conditions = [
      {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        message: "",
        lastHeartbeatTime: time,
        lastTransitionTime: time,
      },
    ];
    await this.#tell(conditions);
    await this.#client.create(leases, {
      metadata: { namespace: "kube-node-lease", name: this.name },
      spec: { holderIdentity: this.name, leaseDurationSeconds: 40 },
    });
    const beat = every(this.#clock, 10_000, () => void this.#beat());
    signal.addEventListener("abort", () => beat.cancel());
  }

  async #beat(): Promise<void> {
    if (this.silent) return;
    const body = { spec: { renewTime: formatMicroTime(this.#clock.now()) } };
    await this.#client.patch(leases, { namespace: "kube-node-lease", name: this.name }, { type: "merge", body });
    const node = await this.#client.get(nodes, { name: this.name });
    if (node.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return;
    const time = formatTime(this.#clock.now());
    const conditions = [
      {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        message: "",
        lastHeartbeatTime: time,
        lastTransitionTime: time,
      },
    ];
    await this.#tell(conditions);
  }

  async #tell(conditions: object[]): Promise<void> {
    await this.#client.patch(
      nodes,
      { name: this.name },
      { type: "strategic", body: { status: { conditions } } },
      { subresource: "status" },
    );
  }
}

/** Runs a cluster for as long as something is tried on it. */
export async function withCluster(
  options: ClusterOptions,
  body: (cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const cluster = await startCluster(options);
  try {
    await body(cluster);
  } finally {
    await cluster.stop();
  }
}
