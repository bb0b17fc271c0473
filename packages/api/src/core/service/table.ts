/** Services as `kubectl get services` shows them. */
import type { Service, ServicePort } from "../../generated/types/core-v1.ts";
import type { Table } from "../../resource.ts";
import { age, column, nameColumn, wide } from "../../table.ts";
import { labelText } from "../workload-cells.ts";

export const serviceTable: Table<Service> = {
  columns: [
    nameColumn,
    column("Type"),
    column("Cluster-IP"),
    column("External-IP"),
    column("Port(s)"),
    column("Age"),
    wide("Selector"),
  ],
  cells: (service, now) => {
    const { metadata, spec } = service;
    return [
      metadata.name,
      spec.type ?? "",
      spec.clusterIPs?.[0] ?? "<none>",
      externalAddress(service),
      (spec.ports ?? []).map(portText).join(",") || "<none>",
      age(metadata.creationTimestamp, now),
      labelText(spec.selector),
    ];
  },
};

const portText = ({ port, nodePort, protocol }: ServicePort): string =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;

function externalAddress({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return own.join(",") || "<none>";
    case "LoadBalancer": {
      const given = (status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "").filter(Boolean);
      return [...new Set(given.sort()), ...own].join(",") || "<pending>";
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}
