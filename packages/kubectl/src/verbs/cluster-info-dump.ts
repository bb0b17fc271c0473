/** Writes what helps to find out what is wrong with a cluster: nodes, and of namespaces the objects, events and logs. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asError } from "../errors.ts";
import { type JsonObject, listAt, nameOf, namespaceOf, textAt } from "../json.ts";
import { printerFor } from "../print/printer.ts";
import { inTypedOrder } from "../print/typed-order.ts";
import { type ApiResource, pathOf } from "../resources/mapper.ts";
import type { Api } from "../session.ts";
import { defineVerb } from "../verb.ts";
import { allNamespacesFlag, duration, list, outputFlags, text } from "./flags.ts";

/** Of each namespace, in this order; the file is named by the second word. */
const KINDS = [
  ["events", "events"],
  ["replicationcontrollers", "replication-controllers"],
  ["services", "services"],
  ["daemonsets.apps", "daemonsets"],
  ["deployments.apps", "deployments"],
  ["replicasets.apps", "replicasets"],
  ["pods", "pods"],
] as const;

export const clusterInfoDump = defineVerb({
  name: "dump",
  summary: "Write what helps to debug a cluster",
  usage: "[flags]",
  examples: ["kubectl cluster-info dump --output-directory=/tmp/state -A"],
  flags: {
    ...outputFlags,
    ...allNamespacesFlag,
    output: text({ help: "Form of the output.", short: "o", default: "json" }),
    "output-directory": text({ help: "A folder to write files into; - or nothing for standard output." }),
    namespaces: list({ help: "The namespaces to write of; by default the current one and kube-system." }),
    "pod-running-timeout": duration({ help: "How long to wait for a pod to run.", default: 20_000 }),
  },
  async run(session, { flags }) {
    const print = await printerFor(flags.output, { template: flags.template, ordered: true });
    const api = await session.api();
    const mapper = await api.mapper();
    const extension = { json: ".json", yaml: ".yaml" }[flags.output] ?? ".txt";
    const folder = flags["output-directory"];
    await put("nodes", await listed(api, mapper.resource("nodes")));
    for (const namespace of await namespaces()) {
      let pods: JsonObject[] = [];
      for (const [resource, name] of KINDS) {
        const found = await listed(api, mapper.resource(resource), namespace);
        await put(`${namespace}/${name}`, found);
        if (resource === "pods") pods = listAt(found, "items");
      }
      for (const pod of pods) await logs(pod);
    }
    if (folder && folder !== "-") session.line(`Cluster info dumped to ${folder}`);

    async function namespaces(): Promise<readonly string[]> {
      if (flags["all-namespaces"]) return listAt(await listed(api, mapper.resource("namespaces")), "items").map(nameOf);
      if (flags.namespaces.length > 0) return flags.namespaces;
      return ["kube-system", api.namespace];
    }

    async function put(name: string, object: JsonObject): Promise<void> {
      await write(`${name}${extension}`, print ? print(inTypedOrder(object)) : "");
    }

    async function write(name: string, content: string): Promise<void> {
      if (!folder || folder === "-") return session.io.output(content);
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }

    async function logs(pod: JsonObject): Promise<void> {
      const [namespace, name] = [namespaceOf(pod), nameOf(pod)];
      const parts: string[] = [];
      for (const field of ["initContainers", "containers", "ephemeralContainers"])
        for (const container of listAt(pod, "spec", field).map((each) => textAt(each, "name"))) {
          const path = pathOf(mapper.resource("pods"), namespace, name, "log");
          const log = await api.rest
            .text(path, { query: { container } })
            .catch((error: unknown) => `Request log error: ${asError(error).message}\n`);
          parts.push(
            `==== START logs for container ${container} of pod ${namespace}/${name} ====\n${log}==== END logs for container ${container} of pod ${namespace}/${name} ====\n`,
          );
        }
      await write(`${namespace}/${name}/logs.txt`, parts.join(""));
    }
  },
});

const listed = async (api: Api, resource: ApiResource, namespace?: string): Promise<JsonObject> => {
  const list = await api.rest.get(pathOf(resource, namespace));
  return listAt(list, "items").length > 0 ? list : { ...list, items: null };
};
