/**
 * Forwards local ports to a pod, until Ctrl-C.
 * Holds: each connection has two streams of its own; an error of one ends that connection, the end of the session all.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { joinHostPort } from "@kubets/machinery/ip";
import type { StreamSession } from "@kubets/wire/transport";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, textAt } from "../json.ts";
import { pathOf, resourceText } from "../resources/mapper.ts";
import { onePod } from "../resources/pods.ts";
import { defineVerb } from "../verb.ts";
import { duration, list } from "./flags.ts";

interface ForwardedPort {
  /** 0 for any free one. */
  readonly local: number;
  readonly remote: string;
}

/** "8080:80", "80", ":80", "8080:http". Pure. */
export function parsePorts(written: readonly string[]): ForwardedPort[] {
  return written.map((each) => {
    const [left = "", right = left] = each.split(":");
    const local = left === "" ? 0 : Number(left);
    if (!Number.isInteger(each.includes(":") ? local : 0) || right === "" || each.split(":").length > 2)
      throw new UsageError(`error parsing local port '${left}': invalid port format '${each}'`);
    return { local, remote: right };
  });
}

export const portForward = defineVerb({
  name: "port-forward",
  summary: "Forward local ports to a pod",
  usage: "TYPE/NAME [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N] [flags]",
  examples: ["kubectl port-forward service/web 8080:80"],
  flags: {
    address: list({ help: "Addresses to listen on.", default: ["localhost"] }),
    "pod-running-timeout": duration({ help: "How long to wait for a pod to run.", default: 60_000 }),
  },
  async run(session, { flags, args }) {
    const [target, ...written] = args;
    if (!target || written.length === 0)
      throw new UsageError("TYPE/NAME and list of ports are required for port-forward");
    const asked = parsePorts(written);
    const api = await session.api();
    const mapper = await api.mapper();
    const pod = await onePod(api, target);
    if (textAt(pod.object, "status", "phase") !== "Running")
      throw new UsageError(
        `unable to forward port because pod is not running. Current status=${textAt(pod.object, "status", "phase")}`,
      );
    const [type = "", name = ""] = target.split("/");
    const serviceResource = target.includes("/") ? mapper.resource(type) : undefined;
    const service =
      serviceResource && resourceText(serviceResource) === "services"
        ? await api.rest.get(pathOf(serviceResource, api.namespace, name))
        : undefined;
    const ports = asked.map(({ local, remote }) => {
      const port = service ? throughService(service, pod.object, remote) : podPort(pod.object, remote);
      return { local: local || (Number.isNaN(local) ? port : 0), port, asked: remote };
    });
    const streams = await api.rest.upgrade(pathOf(pod.resource, pod.namespace, pod.name, "portforward"), {
      protocols: ["portforward.k8s.io"],
      carrier: "spdy",
    });
    const servers: Server[] = [];
    let connections = 0;
    try {
      for (const address of flags.address.flatMap((each) => (each === "localhost" ? ["127.0.0.1", "::1"] : [each]))) {
        for (const { local, port } of ports) {
          const server = createServer((socket) => {
            session.line(`Handling connection for ${(server.address() as { port: number }).port}`);
            forward(streams, socket, port, connections++, (text) => session.note(text));
          });
          server.listen(local, address);
          try {
            await once(server, "listening");
          } catch (error) {
            if (address === "::1") continue;
            throw new UsageError(`unable to listen on port ${local}: ${(error as Error).message}`);
          }
          servers.push(server);
          const { port: listening } = server.address() as { port: number };
          session.line(`Forwarding from ${joinHostPort(address, listening)} -> ${port}`);
        }
      }
      const error = await streams.closed;
      throw error ?? new UsageError("lost connection to pod");
    } finally {
      for (const server of servers) server.close();
      streams.destroy();
    }
  },
});

function forward(streams: StreamSession, socket: Socket, port: number, id: number, note: (text: string) => void): void {
  const headers = { port: String(port), requestid: String(id) };
  const errors = streams.open({ streamtype: "error", ...headers });
  errors.end();
  const data = streams.open({ streamtype: "data", ...headers });
  let problem = "";
  errors.on("data", (chunk: Buffer) => (problem += chunk.toString("utf8")));
  errors.on("end", () => {
    if (problem === "") return;
    note(`error: an error occurred forwarding ${socket.localPort} -> ${port}: ${problem}`);
    socket.destroy();
  });
  socket.on("error", () => data.destroy());
  data.on("error", () => socket.destroy());
  socket.pipe(data);
  data.pipe(socket);
}

function podPort(pod: JsonObject, written: string): number {
  if (/^[0-9]+$/.test(written)) return Number(written);
  const named = listAt(pod, "spec", "containers")
    .flatMap((container) => listAt(container, "ports"))
    .find((port) => textAt(port, "name") === written);
  if (!named) throw new UsageError(`Pod '${textAt(pod, "metadata", "name")}' does not have a named port '${written}'`);
  return Number(textAt(named, "containerPort"));
}

function throughService(service: JsonObject, pod: JsonObject, written: string): number {
  const port = listAt(service, "spec", "ports").find(
    (each) => textAt(each, "name") === written || textAt(each, "port") === written,
  );
  if (!port)
    throw new UsageError(`Service ${textAt(service, "metadata", "name")} does not have a service port ${written}`);
  return podPort(pod, textAt(port, "targetPort") || textAt(port, "port"));
}
