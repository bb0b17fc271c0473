/** One attempt of a probe: by a command, HTTP, TCP or gRPC. The texts are the original's, since events show them. */
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import type { Container, HTTPGetAction, Probe } from "@kubets/api/generated/types/core-v1";
import { formatDuration } from "@kubets/machinery/duration";
import { joinHostPort } from "@kubets/machinery/ip";
import { request as httpRequest } from "@kubets/machinery/node-http";
import type { Dialer } from "../dialer.ts";
import { isRuntimeError, type Runtime } from "../runtime/runtime.ts";
import { grpcHealth } from "./grpc-health.ts";
import { patience } from "./patience.ts";

export interface ProbeOutcome {
  readonly result: "success" | "failure" | "warning" | "unknown";
  readonly output: string;
}

export interface ProbeTarget {
  readonly probe: Probe;
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
}

export interface ProbeTools {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  readonly kubeletVersion: string;
}

const LONGEST_OUTPUT = 10 * 1024;

export async function attemptProbe(target: ProbeTarget, tools: ProbeTools): Promise<ProbeOutcome> {
  const { probe, podIP, container } = target;
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) return await probeExec(target, timeoutMs, tools);
    if (probe.httpGet) return await probeHttp(probe.httpGet, container, podIP, timeoutMs, tools);
    if (probe.tcpSocket)
      return await probeTcp(probe.tcpSocket.host || podIP, portOf(probe.tcpSocket.port, container), timeoutMs, tools);
    if (probe.grpc) return await probeGrpc(probe.grpc.port, probe.grpc.service ?? "", podIP, timeoutMs, tools);
    return { result: "success", output: "" };
  } catch (error) {
    return { result: "unknown", output: (error as Error).message };
  }
}

async function probeExec(
  { probe, containerId }: ProbeTarget,
  timeoutMs: number,
  { runtime }: ProbeTools,
): Promise<ProbeOutcome> {
  const command = probe.exec?.command ?? [];
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, command, timeoutMs);
    const output = Buffer.concat([stdout, stderr]).subarray(0, LONGEST_OUTPUT).toString();
    return { result: exitCode === 0 ? "success" : "failure", output };
  } catch (error) {
    if (!isRuntimeError(error, "Timeout")) throw error;
    const text = `command timed out: "${command.join(" ")}" timed out after ${formatDuration(timeoutMs)}`;
    return { result: "failure", output: text };
  }
}

export function portOf(port: number | string, container: Container): number {
  if (typeof port === "number") return port;
  const found = container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (!Number.isInteger(found)) throw new Error(`couldn't find port: ${port} in pod`);
  return found;
}

async function probeTcp(host: string, port: number, timeoutMs: number, { dialer }: ProbeTools): Promise<ProbeOutcome> {
  const dialled = await dialWithin(dialer, host, port, timeoutMs);
  if (dialled instanceof Error) return { result: "failure", output: dialled.message };
  dialled.destroy();
  return { result: "success", output: "" };
}

async function probeGrpc(
  port: number,
  service: string,
  host: string,
  timeoutMs: number,
  { dialer, kubeletVersion }: ProbeTools,
): Promise<ProbeOutcome> {
  const address = joinHostPort(host, port);
  const socket = await dialWithin(dialer, host, port, timeoutMs);
  const failed = `timeout: failed to connect service "${address}" within ${formatDuration(timeoutMs)}: context deadline exceeded`;
  if (socket instanceof Error) return { result: "failure", output: failed };
  try {
    const answer = await grpcHealth(socket, { service, address, timeoutMs, userAgent: `kube-probe/${kubeletVersion}` });
    if (answer === "SERVING") return { result: "success", output: "service healthy" };
    return { result: "failure", output: answer };
  } finally {
    socket.destroy();
  }
}

/** The connection, or the failure in the words of Go. */
async function dialWithin(dialer: Dialer, host: string, port: number, timeoutMs: number): Promise<Duplex | Error> {
  const address = joinHostPort(host, port);
  // It ends the dialling only: what is done with the connection has its own time.
  const { signal, end } = patience(timeoutMs);
  try {
    const socket = await dialer.dial(host, port, signal);
    socket.on("error", () => {});
    return socket;
  } catch (error) {
    if (signal.aborted) return new Error(`dial tcp ${address}: i/o timeout`);
    return new Error(`dial tcp ${address}: ${dialFailure(error)}`);
  } finally {
    end();
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
};

const dialFailure = (error: unknown): string => {
  const { code = "", message } = error as { code?: string; message: string };
  return FAILURES[code] ?? message;
};

const MOST_REDIRECTS = 10;

async function probeHttp(
  action: HTTPGetAction,
  container: Container,
  podIP: string,
  timeoutMs: number,
  tools: ProbeTools,
): Promise<ProbeOutcome> {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const host = action.host || podIP;
  const path = action.path ? (action.path.startsWith("/") ? action.path : `/${action.path}`) : "/";
  const first = new URL(`${scheme}://${joinHostPort(host, portOf(action.port, container))}${path}`);
  const { signal, end } = patience(timeoutMs);
  try {
    return await followHttp(first, action, signal, tools);
  } finally {
    end();
  }
}

async function followHttp(
  first: URL,
  action: HTTPGetAction,
  signal: AbortSignal,
  tools: ProbeTools,
): Promise<ProbeOutcome> {
  let url = first;
  for (let hops = 0; ; hops++) {
    const answer = await httpGet(url, action, signal, tools);
    if (answer instanceof Error)
      return {
        result: "failure",
        output: signal.aborted
          ? `Get "${shown(url)}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
          : `Get "${shown(url)}": ${answer.message}`,
      };
    const { statusCode = 0, headers } = answer.response;
    if (statusCode >= 300 && statusCode < 400 && headers.location) {
      const next = new URL(headers.location, url);
      // Elsewhere nobody asked to look: that it was sent there counts as an answer, with a warning.
      if (next.hostname !== first.hostname)
        return { result: "warning", output: `Probe terminated redirects, Response body: ${answer.body}` };
      if (hops >= MOST_REDIRECTS)
        return { result: "failure", output: `Get "${shown(url)}": stopped after 10 redirects` };
      url = next;
      continue;
    }
    if (statusCode >= 200 && statusCode < 400) return { result: "success", output: answer.body };
    return { result: "failure", output: `HTTP probe failed with statuscode: ${statusCode}` };
  }
}

const shown = (url: URL): string => url.href;

async function httpGet(
  url: URL,
  action: HTTPGetAction,
  signal: AbortSignal,
  { dialer, kubeletVersion }: ProbeTools,
): Promise<{ response: IncomingMessage; body: string } | Error> {
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (secure ? 443 : 80));
  let socket: Duplex;
  try {
    socket = await dialer.dial(host, port, signal);
  } catch (error) {
    return new Error(`dial tcp ${joinHostPort(host, port)}: ${dialFailure(error)}`);
  }
  const headers: Record<string, string | string[]> = {
    "user-agent": `kube-probe/${kubeletVersion}`,
    accept: "*/*",
    connection: "close",
  };
  for (const { name, value = "" } of action.httpHeaders ?? []) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = key in headers && key !== "user-agent" && key !== "accept" ? [before ?? [], value].flat() : value;
  }
  return await new Promise((resolve) => {
    const fail = (error: Error) => resolve(new Error(readFailure(error)));
    const options = {
      method: "GET",
      host,
      port,
      path: url.pathname + url.search,
      headers,
      signal,
      createConnection: () => socket,
      // The original reads answers whose lines end by a line feed alone, which some small servers give.
      insecureHTTPParser: true,
    };
    const sent = secure
      ? httpsRequest({ ...options, createConnection: undefined, socket, rejectUnauthorized: false } as never)
      : httpRequest(options as never);
    sent.once("error", fail);
    sent.once("response", (response: IncomingMessage) => {
      let body = "";
      response.on("data", (chunk: Buffer) => {
        if (body.length < LONGEST_OUTPUT) body += chunk.toString("latin1");
      });
      response.once("end", () => resolve({ response, body }));
      response.once("error", fail);
    });
    sent.end();
  });
}

const readFailure = (error: Error): string => {
  const { code } = error as { code?: string };
  if (code === "ECONNRESET") return "EOF";
  return error.message;
};
