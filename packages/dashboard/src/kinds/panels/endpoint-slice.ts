/** Some of the endpoints of a service. */
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { type ComponentChild, h } from "preact";
import { Endpoints } from "../../parts/endpoints.ts";
import { Facts } from "../../parts/facts.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import type { PanelView } from "../panels.ts";

export function EndpointSlicePanel({ object }: PanelView<EndpointSlice>): ComponentChild {
  const { labels, namespace } = object.metadata;
  const service = labels?.["kubernetes.io/service-name"];
  return h(
    Section,
    { title: "Endpoints" },
    h(Facts, {
      of: {
        Service: service && h(ObjectLink, { to: { kind: "Service", name: service }, namespace }),
        Addresses: object.addressType,
      },
    }),
    h(Endpoints, { slices: [object] }),
  );
}
