/** Generators of services, one a type, and of an ingress. */
import type { FlagSet } from "@kubets/machinery/flags";
import { UsageError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { defineVerb, type Verb } from "../verb.ts";
import { int, list, text } from "../verbs/flags.ts";
import { generator, metadata } from "./generator.ts";

const tcpFlag = { tcp: list({ help: "Ports: PORT or PORT:TARGETPORT." }) };

function portOf(written: string, nodePort = 0): JsonObject {
  const [left = "", right] = written.split(":");
  const port = Number(left);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new UsageError(`invalid port ${JSON.stringify(written)}`);
  const targetPort: JsonValue = right === undefined ? port : /^[0-9]+$/.test(right) ? Number(right) : right;
  return {
    name: written.replaceAll(":", "-"),
    ...(nodePort > 0 && { nodePort }),
    port,
    protocol: "TCP",
    targetPort,
  };
}

function serviceOf(name: string, spec: JsonObject, ports: readonly JsonObject[]): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(name, { app: name }),
    spec: { ...(ports.length > 0 && { ports: [...ports] }), selector: { app: name }, ...spec },
    status: { loadBalancer: {} },
  };
}

function needPorts(ports: readonly string[]): readonly string[] {
  if (ports.length === 0) throw new UsageError("at least one tcp port specifier must be provided");
  return ports;
}

const kinds: Verb[] = [
  generator({
    name: "clusterip",
    summary: "Create a service with an address of the cluster",
    usage: "NAME [--tcp=<port>:<targetPort>] [flags]",
    flags: { ...tcpFlag, clusterip: text({ help: '"None" for a headless service, or an address.' }) },
    build: (name, { flags }) => {
      const headless = flags.clusterip === "None";
      if (!headless) needPorts(flags.tcp);
      const address: JsonObject = flags.clusterip ? { clusterIP: flags.clusterip } : {};
      return serviceOf(
        name,
        { ...address, type: "ClusterIP" },
        flags.tcp.map((each) => portOf(each)),
      );
    },
  }),
  generator({
    name: "nodeport",
    summary: "Create a service on a port of each node",
    usage: "NAME [--tcp=port:targetPort] [flags]",
    flags: { ...tcpFlag, "node-port": int({ help: "The node's port." }) },
    build: (name, { flags }) =>
      serviceOf(
        name,
        { type: "NodePort" },
        needPorts(flags.tcp).map((each) => portOf(each, flags["node-port"])),
      ),
  }),
  generator({
    name: "loadbalancer",
    summary: "Create a service behind a load balancer",
    usage: "NAME [--tcp=port:targetPort] [flags]",
    flags: tcpFlag,
    build: (name, { flags }) =>
      serviceOf(
        name,
        { type: "LoadBalancer" },
        needPorts(flags.tcp).map((each) => portOf(each)),
      ),
  }),
  generator({
    name: "externalname",
    summary: "Create a service that is another name's alias",
    usage: "NAME --external-name external.name [flags]",
    flags: { ...tcpFlag, "external-name": text({ help: "The name.", required: true }) },
    build: (name, { flags }) =>
      serviceOf(
        name,
        { externalName: flags["external-name"], type: "ExternalName" },
        flags.tcp.map((each) => portOf(each)),
      ),
  }),
];

export const service: Verb = defineVerb<FlagSet>({
  name: "service",
  aliases: ["svc"],
  summary: "Create a service of some type",
  subcommands: kinds,
});

export const ingress = generator({
  name: "ingress",
  aliases: ["ing"],
  summary: "Create an ingress",
  usage: "NAME --rule=host/path=service:port[,tls[=secret]] [flags]",
  flags: {
    rule: list({ help: "host/path=service:port; a path that ends in * is a prefix.", split: false }),
    class: text({ help: "The ingress class." }),
    "default-backend": text({ help: "service:port for everything else." }),
    annotation: list({ help: "Annotations: key=value.", split: false }),
  },
  build(name, { flags }) {
    if (flags.rule.length === 0 && !flags["default-backend"])
      throw new UsageError(
        "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
      );
    const hosts = new Map<string, JsonObject[]>();
    const tls: JsonObject[] = [];
    for (const rule of flags.rule) {
      const [, host = "", path = "", service = "", port = "", secure, secret] =
        /^([^/=]*)(\/[^=]*)=([^:,=]+):([^,]+)(,tls(?:=(.*))?)?$/.exec(rule) ?? [];
      if (!service)
        throw new UsageError(
          `rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
        );
      hosts.set(host, [...(hosts.get(host) ?? []), pathRule(path, service, port)]);
      if (secure !== undefined) tls.push({ ...(host && { hosts: [host] }), ...(secret && { secretName: secret }) });
    }
    const annotations = Object.fromEntries(flags.annotation.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
    const [service = "", port = ""] = flags["default-backend"].split(":");
    return {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { ...(flags.annotation.length > 0 && { annotations }), name },
      spec: {
        ...(flags["default-backend"] && { defaultBackend: backend(service, port) }),
        ...(flags.class && { ingressClassName: flags.class }),
        ...(hosts.size > 0 && {
          rules: [...hosts].map(([host, paths]) => ({ ...(host && { host }), http: { paths } })),
        }),
        ...(tls.length > 0 && { tls }),
      },
      status: { loadBalancer: {} },
    };
  },
});

const backend = (name: string, port: string): JsonObject => ({
  service: { name, port: /^[0-9]+$/.test(port) ? { number: Number(port) } : { name: port } },
});

const pathRule = (path: string, service: string, port: string): JsonObject => ({
  backend: backend(service, port),
  path: path.endsWith("*") ? path.slice(0, -1) : path,
  pathType: path.endsWith("*") ? "Prefix" : "Exact",
});
