/** Who answers for a service: addresses, whether they are ready, whose they are. */
import type { EndpointConditions, EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { type ComponentChild, h } from "preact";
import { Grid } from "./grid.ts";
import { ObjectLink } from "./object-link.ts";
import type { Tone } from "./tone.ts";

export function Endpoints({ slices }: { readonly slices: readonly EndpointSlice[] }): ComponentChild {
  // Lists of none come as null.
  const rows = slices.flatMap(({ endpoints, ports, metadata }) => {
    const open = (ports ?? [])
      .map(({ name, port, protocol = "TCP" }) => [name, `${port ?? "any"}/${protocol}`].filter(Boolean).join(" "))
      .join(", ");
    return (endpoints ?? []).map(({ addresses, conditions, targetRef, nodeName, zone }) => {
      const [tone, word] = readiness(conditions ?? {});
      return [
        addresses.join(", "),
        open,
        h("span", { class: tone }, word),
        targetRef &&
          h(ObjectLink, { to: targetRef, namespace: metadata.namespace }, `${targetRef.kind} ${targetRef.name}`),
        nodeName && h(ObjectLink, { to: { kind: "Node", name: nodeName } }),
        zone,
      ];
    });
  });
  if (rows.length === 0) return h("p", { class: "quiet" }, "Nobody answers.");
  return h(Grid, { titles: ["Addresses", "Ports", "State", "Of", "Node", "Zone"], rows });
}

/** What is not said is yes. */
const readiness = ({ ready = true, serving = ready, terminating }: EndpointConditions): readonly [Tone, string] =>
  terminating ? ["busy", serving ? "going, still serving" : "going"] : ready ? ["good", "ready"] : ["bad", "not ready"];
