/**
 * The kubelet's HTTPS API (10250), and its health check (10248).
 * Holds: nothing but /healthz of the health port is answered without knowing who asks; a path that is not served says so.
 */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { containerStatus } from "@kubets/api/pod/containers";
import { flagz, type Program, statusz, type ZPage } from "@kubets/client/component/z-pages";
import { StatusError } from "@kubets/machinery";
import type { Exposable } from "@kubets/machinery/metrics";
import { parseTime } from "@kubets/machinery/time";
import { type Exchange, Frame, type Listener, listen, type ServerTls } from "@kubets/wire/http";
import { type Scrape, scrape } from "@kubets/wire/metrics-scrape";
import { configz } from "../configz.ts";
import type { Kubelet } from "../kubelet.ts";
import { type LogOptions, readLog } from "../logs/read-log.ts";
import { podLogFolder } from "../paths.ts";
import type { ContainerRecord } from "../pod-workers/runtime-state.ts";
import { liveSandbox } from "../pod-workers/runtime-state.ts";
import type { StreamChoice } from "../runtime/runtime.ts";
import { cadvisorMetrics } from "../stats/cadvisor-metrics.ts";
import { NodeStats } from "../stats/node-stats.ts";
import { probeMetrics } from "../stats/probe-metrics.ts";
import { resourceMetrics } from "../stats/resource-metrics.ts";
import { summaryOf } from "../stats/summary.ts";
import { Access } from "./access.ts";
import { json, Refused, text } from "./answers.ts";
import { checkpoint } from "./checkpoint.ts";
import { serveNodeLogs } from "./serve-node-logs.ts";
import { serveStreams } from "./streams.ts";

export interface KubeletServerOptions {
  readonly kubelet: Kubelet;
  readonly tls: ServerTls;
  readonly host?: string;
  readonly port?: number;
  /** A socket that listens already, of the node's network. */
  readonly fd?: number;
}

export async function serveKubelet(options: KubeletServerOptions): Promise<Listener> {
  const { kubelet, tls, host, port, fd } = options;
  const { config, tools } = kubelet;
  const { authentication, authorization } = config.file;
  const access = new Access({
    client: tools.client,
    clock: tools.clock,
    nodeName: kubelet.nodeName,
    anonymous: config.anonymousAuth,
    webhook: config.webhookAuth,
    mode: config.authorizationMode,
    keepMs: {
      token: authentication.webhook.cacheTTL,
      allowed: authorization.webhook.cacheAuthorizedTTL,
      denied: authorization.webhook.cacheUnauthorizedTTL,
    },
  });
  const handler = new Handler(kubelet, "readwrite");
  const handle = async (exchange: Exchange): Promise<void> => {
    try {
      const verdict = await access.check(exchange);
      if (!verdict.allowed) throw new Refused(verdict.status, verdict.message);
      await handler.serve(exchange);
    } catch (error) {
      answerError(exchange, error);
    }
  };
  return await listen({
    tls,
    port: port ?? config.port,
    ...(host !== undefined && { host }),
    ...(fd !== undefined && { fd }),
    handler: (exchange) => {
      handle(exchange).catch((error: unknown) =>
        tools.log.warn("a request could not be answered", { url: exchange.url, error }),
      );
    },
  });
}

/** For who looks after the process: "ok", or what is wrong. */
export const serveHealth = (kubelet: Kubelet, port: number, host: string): Promise<Listener> =>
  listen({ port, host, handler: (exchange) => answerHealth(exchange, kubelet) });

/** What shows, or does, more than tell how the node is; `enableDebuggingHandlers` may forbid it. */
const DEBUGGING = new Set(["run", "exec", "attach", "portForward", "containerLogs", "runningpods", "logs"]);
const READABLE = new Set(["healthz", "pods", "stats", "metrics"]);

/** Without authentication: what may be read by everybody, for machines that trust their network. */
export function serveReadOnly(kubelet: Kubelet, port: number, host: string): Promise<Listener> {
  const handler = new Handler(kubelet, "readonly");
  const serve = async (exchange: Exchange): Promise<void> => {
    const [, root = ""] = (exchange.url.split("?")[0] as string).split("/");
    if (exchange.method !== "GET" || !READABLE.has(root)) throw new Refused(404, "404 page not found");
    await handler.serve(exchange);
  };
  return listen({
    port,
    host,
    handler: (exchange) => void serve(exchange).catch((error) => answerError(exchange, error)),
  });
}

function answerError(exchange: Exchange, error: unknown): void {
  const status = error instanceof Refused ? error.status : error instanceof StatusError ? error.code : 500;
  exchange.respond(status, ["content-type", "text/plain; charset=utf-8"], Buffer.from(`${(error as Error).message}\n`));
}

function answerHealth(exchange: Exchange, kubelet: Kubelet): void {
  const wrong = exchange.url.split("?")[0] === "/healthz" ? kubelet.unhealthy() : "404 page not found";
  const status = wrong === undefined ? 200 : wrong.startsWith("404") ? 404 : 500;
  exchange.respond(status, ["content-type", "text/plain; charset=utf-8"], Buffer.from(wrong ?? "ok"));
}

const PATHS = ["/configz", "/flagz", "/healthz", "/metrics", "/statusz"];
const page = (exchange: Exchange, { body, contentType }: ZPage | Scrape) => text(exchange, body, contentType);

class Handler {
  readonly #kubelet: Kubelet;
  readonly #kind: "readonly" | "readwrite";
  readonly #stats: NodeStats;
  readonly #startedAt: number;
  readonly #program: Program;

  constructor(kubelet: Kubelet, kind: "readonly" | "readwrite") {
    this.#kubelet = kubelet;
    this.#kind = kind;
    const { tools, workers, volumeUsages } = kubelet;
    this.#stats = new NodeStats(tools, () => workers.pods(), volumeUsages);
    this.#startedAt = kubelet.tools.clock.now();
    this.#program = { name: "kubelet", startedAt: this.#startedAt, flags: kubelet.flags, paths: PATHS };
  }

  async serve(exchange: Exchange): Promise<void> {
    const url = new URL(exchange.url, "https://kubelet");
    const path = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
    const isLong = LONG.has(path[0] ?? "") || url.searchParams.get("follow") === "true";
    const done = this.#kubelet.metrics.requested(exchange.method, countedPath(path), this.#kind, isLong);
    try {
      await this.#answer(exchange, url, path);
    } finally {
      done();
    }
  }

  async #answer(exchange: Exchange, url: URL, [root = "", ...rest]: readonly string[]): Promise<void> {
    const kubelet = this.#kubelet;
    if (!kubelet.config.file.enableDebuggingHandlers && DEBUGGING.has(root))
      throw new Refused(405, "Debug endpoints are disabled.");
    switch (root) {
      case "healthz":
        return answerHealth(exchange, kubelet);
      case "pods":
        return json(exchange, {
          kind: "PodList",
          apiVersion: "v1",
          metadata: {},
          items: kubelet.workers.all().map(({ seen }) => seen),
        });
      case "runningpods":
        return json(exchange, { kind: "PodList", apiVersion: "v1", metadata: {}, items: this.#running() });
      case "containerLogs":
        return await this.#logs(exchange, rest, url.searchParams);
      case "exec":
      case "attach":
        return await this.#command(exchange, root, rest, url.searchParams);
      case "portForward":
        return await this.#portForward(exchange, rest, url.searchParams);
      case "checkpoint":
        return await this.#checkpoint(exchange, rest, url.searchParams);
      case "logs":
        return await serveNodeLogs(exchange, kubelet, rest.join("/"), url.searchParams);
      case "run":
        return await this.#run(exchange, rest, url.searchParams);
      case "stats":
        return json(exchange, await this.#summary(rest, url.searchParams));
      case "configz":
        return json(exchange, configz(kubelet.config));
      case "statusz":
        return page(exchange, statusz(this.#program, kubelet.tools.clock.now(), exchange.header("accept")));
      case "flagz":
        return page(exchange, flagz(this.#program, exchange.header("accept")));
      case "metrics":
        return page(exchange, await scrape(await this.#metrics(rest[0]), exchange.header("accept")));
      default:
        throw new Refused(404, "404 page not found");
    }
  }

  #running(): object[] {
    return this.#kubelet.tools.cache.all().flatMap(([uid, { sandboxes, containers }]) => {
      const running = containers.filter(({ phase }) => phase === "running");
      if (running.length === 0) return [];
      const { name = "", namespace = "" } = sandboxes[0] ?? {};
      return [
        {
          metadata: { name, namespace, uid },
          spec: { containers: running.map((each) => ({ name: each.name, image: each.image, resources: {} })) },
          status: {},
        },
      ];
    });
  }

  #pod(namespace: string, name: string, uid?: string): Pod {
    const found = this.#kubelet.workers
      .all()
      .find(
        ({ pod: { metadata } }) =>
          metadata.namespace === namespace && metadata.name === name && (!uid || metadata.uid === uid),
      );
    if (!found) throw new Refused(404, `pod does not exist`);
    return found.seen;
  }

  #records(pod: Pod, container: string): ContainerRecord[] {
    return this.#kubelet.tools.cache.get(pod.metadata.uid).containers.filter(({ name }) => name === container);
  }

  /** The last of the words is the container; a uid may stand before it. */
  #find(
    rest: readonly string[],
    missing = (container: string, _pod: string) => `container not found ("${container}")`,
  ): { pod: Pod; container: string; record: ContainerRecord } {
    const [namespace = "", name = ""] = rest;
    const container = rest.at(-1) ?? "";
    const pod = this.#pod(namespace, name, rest.length > 3 ? rest[2] : undefined);
    const record = this.#records(pod, container).find(({ phase }) => phase === "running");
    if (!record) throw new Refused(500, missing(container, `${name}_${namespace}`));
    return { pod, container, record };
  }

  async #command(
    exchange: Exchange,
    kind: "exec" | "attach",
    rest: readonly string[],
    query: URLSearchParams,
  ): Promise<void> {
    const { record } =
      kind === "exec"
        ? this.#find(rest)
        : this.#find(rest, (container, pod) => `container ${container} not found in pod ${pod}`);
    const { runtime, dialer } = this.#kubelet.tools;
    const on = (...names: string[]) => names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
    const tty = on("tty");
    const choice: StreamChoice = {
      stdin: on("input", "stdin"),
      stdout: on("output", "stdout"),
      stderr: on("error", "stderr") && !tty,
      tty,
    };
    if (!choice.stdin && !choice.stdout && !choice.stderr)
      throw new Refused(400, "you must specify at least 1 of stdin, stdout, stderr");
    const target =
      kind === "exec"
        ? await runtime.exec(record.id, query.getAll("command"), choice)
        : await runtime.attach(record.id, choice);
    await serveStreams({ exchange, target, choice, dialer, idleMs: this.#idleMs });
  }

  get #idleMs(): number {
    return this.#kubelet.config.file.streamingConnectionIdleTimeout;
  }

  async #portForward(
    exchange: Exchange,
    [namespace = "", name = "", uid]: readonly string[],
    query: URLSearchParams,
  ): Promise<void> {
    const pod = this.#pod(namespace, name, uid);
    const { runtime, dialer, cache } = this.#kubelet.tools;
    const sandbox = liveSandbox(cache.get(pod.metadata.uid), pod.spec.hostNetwork ?? false);
    if (!sandbox) throw new Refused(500, `the sandbox of pod ${name}_${namespace} is not ready`);
    const target = await runtime.portForward(sandbox.id, query.getAll("port").map(Number));
    await serveStreams({ exchange, target, choice: undefined, dialer, idleMs: this.#idleMs });
  }

  async #run(exchange: Exchange, rest: readonly string[], query: URLSearchParams): Promise<void> {
    const { record } = this.#find(rest);
    const command = (query.get("cmd") ?? "").split(" ").filter(Boolean);
    const { stdout, stderr, exitCode } = await this.#kubelet.tools.runtime.execSync(record.id, command, 120_000);
    if (exitCode !== 0)
      throw new Refused(500, `command '${command.join(" ")}' exited with ${exitCode}: ${stderr.toString()}`);
    text(exchange, Buffer.concat([stdout, stderr]));
  }

  async #checkpoint(exchange: Exchange, rest: readonly string[], query: URLSearchParams): Promise<void> {
    if (exchange.method !== "POST") throw new Refused(405, "405: Method Not Allowed");
    const [namespace = "", name = "", container = ""] = rest;
    const pod = this.#pod(namespace, name);
    const record = this.#records(pod, container).find(({ phase }) => phase === "running");
    if (!record) throw new Refused(404, `container ${container} does not exist`);
    const timeout = query.get("timeout") ?? "0";
    if (!/^\d+$/.test(timeout)) throw new Refused(400, `the timeout must be a whole number of seconds, not ${timeout}`);
    const wish = { namespace, pod: name, container, containerId: record.id, timeoutSeconds: Number(timeout) };
    json(exchange, { items: [await checkpoint(this.#kubelet, wish)] });
  }

  async #logs(exchange: Exchange, rest: readonly string[], query: URLSearchParams): Promise<void> {
    const [namespace = "", name = "", container = ""] = rest;
    const pod = this.#pod(namespace, name);
    const previous = query.get("previous") === "true";
    const record = this.#logRecord(pod, container, previous);
    const options = logOptions(query, this.#kubelet.tools.clock.now());
    const { tools } = this.#kubelet;
    const stop = new AbortController();
    exchange.onClose(() => stop.abort());
    const path = record.logPath || join(podLogFolder(tools.paths, pod), container, `${record.attempt}.log`);
    const isRunning = () =>
      this.#records(pod, container).some(({ id, phase }) => id === record.id && phase === "running");
    const sink = exchange.stream(200, ["content-type", "text/plain"]);
    for await (const line of readLog(
      { disk: tools.disk, clock: tools.clock, path, isRunning, signal: stop.signal },
      options,
    )) {
      sink.write(new Frame(line));
      if (sink.pendingBytes > 1024 * 1024) await sink.drained();
    }
    sink.end();
  }

  #logRecord(pod: Pod, container: string, previous: boolean): ContainerRecord {
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
    if (!all.some(({ name }) => name === container))
      throw new Refused(404, `container "${container}" not found in pod "${pod.metadata.name}"`);
    const [record, before] = this.#records(pod, container);
    const found = previous
      ? (before ?? (record?.phase === "exited" && this.#waits(pod, container) ? record : undefined))
      : record;
    const where = `container "${container}" in pod "${pod.metadata.name}"`;
    if (found) return found;
    if (previous) throw new Refused(400, `previous terminated ${where} not found`);
    const waiting = containerStatus(pod, container)?.state.waiting?.reason ?? "ContainerCreating";
    const reason =
      waiting === "ErrImagePull"
        ? "image can't be pulled"
        : waiting === "ImagePullBackOff"
          ? "trying and failing to pull image"
          : waiting;
    throw new Refused(400, `${where} is waiting to start: ${reason}`);
  }

  #waits(pod: Pod, container: string): boolean {
    return containerStatus(pod, container)?.state.waiting !== undefined;
  }

  async #summary(rest: readonly string[], query: URLSearchParams): Promise<object> {
    if (rest[0] !== "summary") throw new Refused(404, "404 page not found");
    const { nodeName, machine } = this.#kubelet;
    const reading = await this.#stats.read();
    const facts = { nodeName, startedAt: this.#startedAt, memoryBytes: machine.memoryBytes };
    return summaryOf(reading, facts, query.get("only_cpu_and_memory") === "true");
  }

  async #metrics(page: string | undefined): Promise<Exposable> {
    const kubelet = this.#kubelet;
    switch (page) {
      case undefined:
        kubelet.metrics.volumes(await this.#stats.volumes());
        return kubelet.metrics.registry;
      case "resource":
        // Of the details only what is swapped stands there.
        return resourceMetrics(await this.#stats.read(Boolean(kubelet.machine.swapBytes)));
      case "cadvisor":
        return cadvisorMetrics(await this.#stats.read(), kubelet.machine);
      case "probes":
        return probeMetrics(kubelet.tools.prober.counts());
      default:
        throw new Refused(404, "404 page not found");
    }
  }
}

/** As requests are counted: what is not served is all the same. */
function countedPath([root = "", page]: readonly string[]): string {
  if (root === "metrics") return page && METRICS_PAGES.has(page) ? `metrics/${page}` : root;
  return READABLE.has(root) || DEBUGGING.has(root) || root === "checkpoint" || root === "configz" ? root : "unknown";
}

const METRICS_PAGES = new Set(["resource", "cadvisor", "probes"]);
const LONG = new Set(["exec", "attach", "portForward"]);

function logOptions(query: URLSearchParams, now: number): LogOptions {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null || text === "") return undefined;
    if (!/^\d+$/.test(text)) throw new Refused(400, `${name} must be a whole number, not ${JSON.stringify(text)}`);
    return Number(text);
  };
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const since = sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime ? parseTime(sinceTime) : undefined;
  const [tailLines, limitBytes] = [number("tailLines"), number("limitBytes")];
  const stream = query.get("stream");
  return {
    follow: query.get("follow") === "true",
    timestamps: query.get("timestamps") === "true",
    stream: stream === "Stdout" || stream === "Stderr" ? stream : "All",
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(since !== undefined && { since }),
  };
}
