/** What an object is, at a glance: what its kind has to show, its conditions, and what all objects have. */
import { type ComponentChild, h } from "preact";
import { panelsOf } from "../kinds/panels.ts";
import type { ObjectView } from "../kinds/tabs.ts";
import { listAddress } from "../route.ts";
import { Age } from "./age.ts";
import { Facts } from "./facts.ts";
import { Grid } from "./grid.ts";
import { ObjectLink } from "./object-link.ts";
import { Section } from "./section.ts";
import { toneOf } from "./tone.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export function SummaryTab({ kind, object }: ObjectView): ComponentChild {
  const { conditions = [] } = (object.status ?? {}) as { readonly conditions?: readonly Condition[] };
  return h(
    "div",
    { class: "panels" },
    panelsOf(kind).map((Panel) => h(Panel, { key: Panel.name, kind, object })),
    conditions.length > 0 && h(Conditions, { conditions }),
    h(Metadata, { kind, object }),
  );
}

function Metadata({ kind, object }: Pick<ObjectView, "kind" | "object">): ComponentChild {
  const { metadata } = object;
  const created = metadata.creationTimestamp;
  const labels = Object.entries(metadata.labels ?? {}).map(([name, value]) =>
    h(
      "a",
      {
        class: "chip",
        key: name,
        title: "All that have this label",
        href: listAddress(kind, { namespace: metadata.namespace, labelSelector: `${name}=${value}` }),
      },
      `${name}=${value}`,
    ),
  );
  return h(
    Section,
    { title: "Metadata" },
    h(Facts, {
      of: {
        Created: created && [`${created} (`, h(Age, { of: created }), " ago)"],
        Labels: labels,
        "Owned by": metadata.ownerReferences?.map((owner) =>
          h(
            "div",
            { key: owner.uid },
            h(ObjectLink, { to: owner, namespace: metadata.namespace }, `${owner.kind} ${owner.name}`),
          ),
        ),
        Finalizers: metadata.finalizers?.join(", "),
        UID: metadata.uid,
        Annotations: Object.entries(metadata.annotations ?? {})
          .filter(([name]) => name !== LAST_APPLIED)
          .map(annotation),
      },
    }),
  );
}

/** All of the object once more, secrets too; the YAML has it. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Long ones are folded. */
const LONG = 120;

const annotation = ([name, value]: readonly [name: string, value: string]): ComponentChild =>
  h(
    "div",
    { key: name },
    value.length > LONG ? h("details", null, h("summary", null, name), h("pre", null, value)) : `${name}: ${value}`,
  );

const Conditions = ({ conditions }: { readonly conditions: readonly Condition[] }): ComponentChild =>
  h(
    Section,
    { title: "Conditions" },
    h(Grid, {
      titles: ["Type", "Status", "Since", "Reason", "Message"],
      rows: conditions.map(({ type, status, reason, message, lastTransitionTime }) => [
        type,
        h("span", { class: conditionTone(type, status) }, status),
        lastTransitionTime && h(Age, { of: lastTransitionTime }),
        reason,
        message,
      ]),
    }),
  );

/** Conditions whose being true is bad news. */
const TROUBLE = /Pressure$|Failure$|^Failed|Unavailable$|Disrupt|^Corrupted|NotReady|Conflict|Dangling/;

const conditionTone = (type: string, status: string) =>
  TROUBLE.test(type) ? (status === "True" ? "bad" : undefined) : toneOf("Condition", status);
