/** Which requests from outside an ingress takes, and who gets them. */
import type { Ingress, IngressBackend } from "@kubets/api/generated/types/networking-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { Grid } from "../../parts/grid.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import type { PanelView } from "../panels.ts";

export function IngressPanel({ object: { metadata, spec, status } }: PanelView<Ingress>): ComponentChild {
  const { namespace } = metadata;
  const { ingressClassName, defaultBackend, rules = [], tls = [] } = spec;
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname);
  const backend = (of: IngressBackend) => h(Backend, { of, namespace });
  return [
    h(
      Section,
      { key: "ingress", title: "Ingress" },
      h(Facts, {
        of: {
          Class:
            ingressClassName &&
            h(ObjectLink, { to: { apiVersion: "networking.k8s.io/v1", kind: "IngressClass", name: ingressClassName } }),
          Addresses: addresses.join(", "),
          "All else goes to": defaultBackend && backend(defaultBackend),
          TLS: tls.map(({ hosts = [], secretName }, at) =>
            h(
              "div",
              { key: at },
              hosts.join(", ") || "all hosts",
              secretName && [": ", h(ObjectLink, { to: { kind: "Secret", name: secretName }, namespace })],
            ),
          ),
        },
      }),
    ),
    rules.length > 0 &&
      h(
        Section,
        { key: "rules", title: "Rules" },
        h(Grid, {
          titles: ["Host", "Path", "Type", "Goes to"],
          rows: rules.flatMap(({ host = "any", http }) =>
            (http?.paths ?? []).map(({ path = "/", pathType, backend: of }) => [host, path, pathType, backend(of)]),
          ),
        }),
      ),
  ];
}

function Backend({
  of: { service, resource },
  namespace,
}: {
  readonly of: IngressBackend;
  readonly namespace: string;
}): ComponentChild {
  if (service) {
    const port = service.port?.name ?? service.port?.number;
    return [
      h(ObjectLink, { to: { kind: "Service", name: service.name }, namespace }),
      port !== undefined && `, port ${port}`,
    ];
  }
  return (
    resource &&
    h(ObjectLink, { to: { ...resource, apiVersion: resource.apiGroup ? `${resource.apiGroup}/` : "v1" }, namespace })
  );
}
