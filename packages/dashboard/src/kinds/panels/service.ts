/** Where a service is reached, and who answers. */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { type ComponentChild, h } from "preact";
import { ENDPOINT_SLICES, PODS } from "../../kind-names.ts";
import { Endpoints } from "../../parts/endpoints.ts";
import { Facts } from "../../parts/facts.ts";
import { Grid } from "../../parts/grid.ts";
import { useFollowed } from "../../parts/hooks.ts";
import { Section } from "../../parts/section.ts";
import { unseen } from "../../parts/unseen.ts";
import { labelsText } from "../../reckoning/selector-text.ts";
import { listAddress } from "../../route.ts";
import { asObjects } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import type { PanelView } from "../panels.ts";

export function ServicePanel({ object: { metadata, spec, status } }: PanelView<Service>): ComponentChild {
  const { name, namespace } = metadata;
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const isAlias = spec.type === "ExternalName";
  const slices = useFollowed(
    isAlias ? undefined : { path: pathOf(ENDPOINT_SLICES, namespace), labelSelector },
    asObjects<EndpointSlice>(),
  );
  const selector = labelsText(spec.selector);
  const balanced = status?.loadBalancer?.ingress ?? [];
  return [
    h(
      Section,
      { key: "service", title: "Service" },
      h(Facts, {
        of: {
          Type: spec.type,
          "Stands for": spec.externalName,
          "Cluster IP": (spec.clusterIPs ?? [spec.clusterIP]).join(", "),
          "External IPs": spec.externalIPs?.join(", "),
          "Load balancer": balanced.map(({ ip, hostname }) => ip ?? hostname).join(", "),
          Affinity: spec.sessionAffinity !== "None" && spec.sessionAffinity,
          "External traffic": spec.externalTrafficPolicy,
          "Internal traffic": spec.internalTrafficPolicy,
          Selector: selector && h("a", { href: listAddress(PODS, { namespace, labelSelector: selector }) }, selector),
        },
      }),
    ),
    (spec.ports?.length ?? 0) > 0 &&
      h(
        Section,
        { key: "ports", title: "Ports" },
        h(Grid, {
          titles: ["Name", "Port", "Of the pods", "Of the nodes", "Speaks"],
          rows: (spec.ports ?? []).map((port) => [
            port.name,
            `${port.port}/${port.protocol}`,
            port.targetPort,
            port.nodePort,
            port.appProtocol,
          ]),
        }),
      ),
    !isAlias &&
      h(
        Section,
        { key: "endpoints", title: "Endpoints" },
        unseen(slices, "EndpointSlices") ?? h(Endpoints, { slices: slices.items }),
      ),
  ];
}
