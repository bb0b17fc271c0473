/** Who holds a lease, and since when. */
import type { Lease } from "@kubets/api/generated/types/coordination-v1";
import { type ComponentChild, h } from "preact";
import { Age } from "../../parts/age.ts";
import { Facts } from "../../parts/facts.ts";
import { Section } from "../../parts/section.ts";
import type { PanelView } from "../panels.ts";

export function LeasePanel({ object: { spec } }: PanelView<Lease>): ComponentChild {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions, strategy } = spec;
  return h(
    Section,
    { title: "Lease" },
    h(Facts, {
      of: {
        Holder: holderIdentity || "nobody",
        Renewed: renewTime && [h(Age, { of: renewTime }), " ago"],
        Taken: acquireTime && [h(Age, { of: acquireTime }), " ago"],
        "Is good for": leaseDurationSeconds !== undefined && `${leaseDurationSeconds} s`,
        Changes: leaseTransitions !== undefined && String(leaseTransitions),
        Strategy: strategy,
        "Preferred holder": spec.preferredHolder,
      },
    }),
  );
}
