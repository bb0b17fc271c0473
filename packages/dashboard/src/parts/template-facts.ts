/** What pods are made after. */
import type { PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { listText } from "../reckoning/amounts.ts";
import { Facts } from "./facts.ts";
import { Grid } from "./grid.ts";
import { ObjectLink } from "./object-link.ts";
import { Section } from "./section.ts";

interface TemplateFactsProps {
  readonly template: PodTemplateSpec;
  readonly namespace: string;
}

export function TemplateFacts({ template: { spec }, namespace }: TemplateFactsProps): ComponentChild {
  const { initContainers = [], containers, serviceAccountName } = spec;
  return h(
    Section,
    { title: "Template" },
    h(Grid, {
      titles: ["Container", "Image", "Ports", "Requests", "Limits"],
      rows: [...initContainers, ...containers].map(({ name, image, ports = [], resources }, at) => [
        at < initContainers.length ? `${name} (init)` : name,
        image,
        ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`).join(", "),
        listText(resources?.requests),
        listText(resources?.limits),
      ]),
    }),
    h(Facts, {
      of: {
        "Service account":
          serviceAccountName && h(ObjectLink, { to: { kind: "ServiceAccount", name: serviceAccountName }, namespace }),
      },
    }),
  );
}
