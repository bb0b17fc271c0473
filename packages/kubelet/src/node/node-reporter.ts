/**
 * Registers the node and keeps its status true: looks every 10 s (often, until it is ready for the first time), writes what changed at once and all of
 * it every 5 minutes.
 * Holds: labels that others put on the node stay; a node deleted behind our back is registered anew.
 */
import { isTrue } from "@kubets/api/condition";
import { nodes } from "@kubets/api/generated/refs";
import type { Node, NodeStatus } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, deepEqual, isReason, type Logger, sleep } from "@kubets/machinery";
import { type NodeEvent, rebootEvent, schedulingEvent, statusEvents } from "./node-events.ts";
import { defaultLabels, type NodeNow, type NodeSettings, newNode, nodeStatus } from "./node-object.ts";

interface NodeReporterOptions {
  readonly client: Pick<Client, "get" | "create" | "patch">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly settings: () => NodeSettings;
  readonly register: boolean;
  readonly lookMs: number;
  readonly reportMs: number;
  look(): Promise<NodeNow>;
  tell(event: NodeEvent): void;
  /** The API has what was looked at. */
  written?(facts: NodeNow): void;
}

const FIRST_LOOK_MS = 100;
const FIRST_READY_MS = 120_000;

export class NodeReporter {
  readonly #options: NodeReporterOptions;
  #known: Node | undefined;
  #written: NodeStatus | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | undefined;
  #hurried = false;
  #wasReady = false;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
  }

  get node(): Node | undefined {
    return this.#known;
  }

  /** What the informer shows. */
  saw(node: Node | undefined): void {
    const { settings, tell } = this.#options;
    if (node) {
      const was = this.#known?.spec.unschedulable ?? false;
      const is = node.spec.unschedulable ?? false;
      if (this.#known && was !== is) tell(schedulingEvent(settings().name, is));
      this.#known = node;
    } else if (this.#known) {
      this.#known = undefined;
      this.#written = undefined;
      this.hurry();
    }
  }

  /** Something changed that the API should know soon. */
  hurry(): void {
    this.#hurried = true;
    this.#wake?.();
  }

  async run(): Promise<void> {
    const { clock, signal, log, lookMs } = this.#options;
    const soonUntil = clock.monotonic() + FIRST_READY_MS;
    let failures = 0;
    while (!signal.aborted) {
      this.#hurried = false;
      let wait = lookMs;
      const isStarting = () => !this.#wasReady && clock.monotonic() < soonUntil;
      try {
        await this.#once();
        failures = 0;
        if (isStarting()) wait = Math.min(lookMs, FIRST_LOOK_MS);
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) log.warn("the node's status could not be written", { error });
        wait = Math.min(lookMs, 100 * 2 ** failures++);
      }
      if (this.#hurried) continue;
      const stop = new AbortController();
      const wake = () => stop.abort();
      this.#wake = wake;
      await sleep(clock, wait, AbortSignal.any([signal, stop.signal])).catch(() => {});
      this.#wake = undefined;
    }
  }

  async #once(): Promise<void> {
    const { clock, settings, reportMs, client } = this.#options;
    const facts = await this.#options.look();
    const wanted = settings();
    const node = this.#known ?? (await this.#register(wanted, facts));
    if (!node) return;
    const status = nodeStatus(wanted, facts, this.#written ?? node.status);
    this.#wasReady ||= isTrue(status.conditions, "Ready");
    const due = clock.monotonic() - this.#writtenAt >= reportMs;
    if (!due && deepEqual(withoutTimes(this.#written ?? node.status), withoutTimes(status))) {
      this.#options.written?.(facts);
      return;
    }
    try {
      await client.patch(
        nodes,
        { name: wanted.name },
        { type: "strategic", body: { status: { ...status, addresses: [...(status.addresses ?? []), REPLACE] } } },
        { subresource: "status" },
      );
    } catch (error) {
      if (isReason(error, "NotFound")) {
        this.#known = undefined;
        this.#written = undefined;
      }
      throw error;
    }
    for (const event of statusEvents(wanted.name, this.#written ?? node.status, status)) this.#options.tell(event);
    this.#written = status;
    this.#writtenAt = clock.monotonic();
    this.#options.written?.(facts);
  }

  async #register(settings: NodeSettings, facts: NodeNow): Promise<Node | undefined> {
    const { client, register, clock, tell } = this.#options;
    const key = { name: settings.name };
    if (register) {
      try {
        const made = await client.create(nodes, newNode(settings, facts) as never);
        for (const event of statusEvents(settings.name, undefined, made.status)) tell(event);
        this.#known = made;
        this.#written = made.status;
        this.#writtenAt = clock.monotonic();
        return made;
      } catch (error) {
        if (!isReason(error, "AlreadyExists")) throw error;
      }
    }
    const found = await client.get(nodes, key).catch((error: unknown) => {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    });
    if (!found) return undefined;
    const { bootId } = facts.machine;
    const bootBefore = found.status.nodeInfo?.bootID;
    if (bootBefore && bootBefore !== bootId) tell(rebootEvent(settings.name, bootId));
    const labels = { ...defaultLabels(settings.name, facts.machine), ...settings.labels };
    const missing = Object.entries(labels).filter(([name, value]) => found.metadata.labels?.[name] !== value);
    if (register && missing.length > 0)
      await client.patch(nodes, key, {
        type: "strategic",
        body: { metadata: { labels: Object.fromEntries(missing) } },
      });
    this.#known = found;
    return found;
  }
}

/** Addresses are merged by their type, of which a node of both families has two: the list stands as a whole. */
const REPLACE = { $patch: "replace" };

function withoutTimes(status: NodeStatus | undefined): unknown {
  if (!status) return undefined;
  const { capacity, allocatable, conditions = [], addresses, nodeInfo, images, daemonEndpoints } = status;
  const { volumesInUse = [] } = status;
  return {
    capacity,
    allocatable,
    addresses,
    nodeInfo,
    images,
    daemonEndpoints,
    volumesInUse,
    conditions: conditions
      .filter(({ type }) => ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].includes(type))
      .map(({ type, status, reason, message }) => ({ type, status, reason, message })),
  };
}
