/** Where the control plane and the cluster's own services are reached. */
import { labelsOf, listAt, nameOf, namespaceOf, textAt } from "../json.ts";
import { defineVerb } from "../verb.ts";
import { clusterInfoDump } from "./cluster-info-dump.ts";

export const clusterInfo = defineVerb({
  name: "cluster-info",
  summary: "Show where the cluster is reached",
  subcommands: [clusterInfoDump],
  async run(session) {
    const api = await session.api();
    session.line(`Kubernetes control plane is running at ${api.server}`);
    const list = await api.rest.get("/api/v1/namespaces/kube-system/services", {
      query: { labelSelector: "kubernetes.io/cluster-service=true" },
    });
    for (const service of listAt(list, "items")) {
      const [port] = listAt(service, "spec", "ports");
      const named = port && textAt(port, "name") ? `:${textAt(port, "name")}` : "";
      const link = `${api.server}/api/v1/namespaces/${namespaceOf(service)}/services/${nameOf(service)}${named}/proxy`;
      session.line(`${labelsOf(service)["kubernetes.io/name"] || nameOf(service)} is running at ${link}`);
    }
    session.line("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
  },
});
