/** Makes a service for what runs: its selector and ports come from the object. */
import { createGenerated, writeFlags } from "../create/generator.ts";
import { overridden, overrideFlags } from "../create/overrides.ts";
import { throwAll, UsageError } from "../errors.ts";
import { type JsonObject, type JsonValue, labelsOf, listAt, mapAt, nameOf, objectAt, textAt } from "../json.ts";
import { resultPrinter } from "../print/result.ts";
import { resourceText } from "../resources/mapper.ts";
import { type Info, select } from "../resources/select.ts";
import { defineVerb } from "../verb.ts";
import { fieldManagerFlag, fileFlags, text } from "./flags.ts";

export const expose = defineVerb({
  name: "expose",
  summary: "Make a service for what runs",
  usage:
    "(-f FILE | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--type=type] [flags]",
  examples: ["kubectl expose deployment web --port=80 --target-port=8080"],
  flags: {
    ...fileFlags,
    ...writeFlags,
    ...overrideFlags,
    ...fieldManagerFlag("kubectl-expose"),
    protocol: text({ help: "TCP, UDP or SCTP." }),
    port: text({ help: "The port of the service." }),
    type: text({ help: "ClusterIP, NodePort, LoadBalancer or ExternalName." }),
    "load-balancer-ip": text({ help: "The balancer's address." }),
    selector: text({ help: "Labels of the pods, instead of the object's: key=value,..." }),
    labels: text({ help: "Labels of the service.", short: "l" }),
    "target-port": text({ help: "The port of the pods, number or name." }),
    "external-ip": text({ help: "One more address." }),
    name: text({ help: "The name of the service." }),
    "session-affinity": text({ help: "None or ClientIP." }),
    "cluster-ip": text({ help: '"None" for a headless service, or an address.' }),
  },
  async run(session, { flags, args }) {
    const api = await session.api();
    await resultPrinter(session, flags);
    const { infos, errors } = await select(api, {
      verb: "expose",
      args,
      files: flags.filename,
      recursive: flags.recursive,
    });
    for (const info of infos)
      await createGenerated(session, flags, overridden(serviceFor(info, flags), flags), "exposed");
    throwAll(errors);
  },
});

interface ExposeFlags {
  readonly name: string;
  readonly labels: string;
  readonly selector: string;
  readonly port: string;
  readonly protocol: string;
  readonly "target-port": string;
  readonly type: string;
  readonly "cluster-ip": string;
  readonly "external-ip": string;
  readonly "load-balancer-ip": string;
  readonly "session-affinity": string;
}

/** Pure. */
export function serviceFor(info: Pick<Info, "resource" | "object">, flags: ExposeFlags): JsonObject {
  const { object } = info;
  const labels = flags.labels ? pairs(flags.labels) : labelsOf(object);
  const ports = portsFor(object, flags);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...(Object.keys(labels).length > 0 && { labels }), name: (flags.name || nameOf(object)).slice(0, 63) },
    spec: {
      ...(flags["cluster-ip"] && { clusterIP: flags["cluster-ip"] }),
      ...(flags["external-ip"] && { externalIPs: [flags["external-ip"]] }),
      ...(flags["load-balancer-ip"] && { loadBalancerIP: flags["load-balancer-ip"] }),
      ports,
      selector: flags.selector ? pairs(flags.selector) : selectorOf(info),
      ...(flags["session-affinity"] && { sessionAffinity: flags["session-affinity"] }),
      ...(flags.type && { type: flags.type }),
    },
    status: { loadBalancer: {} },
  };
}

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [key = "", value] = pair.split("=");
      if (!key || value === undefined) throw new UsageError(`unexpected label spec: ${pair}`);
      return [key, value];
    }),
  );
}

function selectorOf({ resource, object }: Pick<Info, "resource" | "object">): Record<string, string> {
  switch (resourceText(resource)) {
    case "pods":
      if (Object.keys(labelsOf(object)).length === 0)
        throw new UsageError(
          `couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed`,
        );
      return labelsOf(object);
    case "services": {
      const selector = mapAt(object, "spec", "selector");
      if (Object.keys(selector).length === 0)
        throw new UsageError(
          `couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set`,
        );
      return selector;
    }
    case "replicationcontrollers":
      return mapAt(object, "spec", "selector");
    case "deployments.apps":
    case "replicasets.apps": {
      if (listAt(object, "spec", "selector", "matchExpressions").length > 0)
        throw new UsageError(
          `couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - "${JSON.stringify(objectAt(object, "spec", "selector"))}" to map-based selector format`,
        );
      return mapAt(object, "spec", "selector", "matchLabels");
    }
    default:
      throw new UsageError(`cannot expose a ${resource.kind}.${resource.group}`.replace(/\.$/, ""));
  }
}

function portsFor(object: JsonObject, flags: ExposeFlags): JsonObject[] {
  const found = [
    ...containersOf(object).flatMap((container) => listAt(container, "ports")),
    ...listAt(object, "spec", "ports"),
  ];
  const numbers = flags.port
    ? flags.port.split(",").map((port) => ({ port: Number(port), protocol: flags.protocol || "TCP" }))
    : found.map((each) => ({
        port: Number(textAt(each, "containerPort") || textAt(each, "port")),
        protocol: flags.protocol || textAt(each, "protocol") || "TCP",
      }));
  if (numbers.length === 0) throw new UsageError("couldn't find port via --port flag or introspection");
  const target = flags["target-port"];
  return numbers.map(({ port, protocol }, i) => ({
    ...(numbers.length > 1 && { name: `port-${i + 1}` }),
    port,
    protocol,
    targetPort: (target ? (/^[0-9]+$/.test(target) ? Number(target) : target) : port) as JsonValue,
  }));
}

const containersOf = (object: JsonObject): JsonObject[] => [
  ...listAt(object, "spec", "template", "spec", "containers"),
  ...listAt(object, "spec", "containers"),
];
