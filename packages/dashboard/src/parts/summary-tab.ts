/** What an object is, at a glance: what its kind has to show, its conditions, and what all objects have. */
import { humanDuration } from "@kubets/machinery/duration";
import { type ComponentChild, h } from "preact";
import { panelsOf } from "../kinds/panels.ts";
import type { ObjectView } from "../kinds/tabs.ts";
import { listAddress } from "../route.ts";
import { Facts } from "./facts.ts";
import { useNow } from "./hooks.ts";
import { ObjectLink } from "./object-link.ts";
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
  const now = useNow();
  const age =
    metadata.creationTimestamp &&
    `${metadata.creationTimestamp} (${humanDuration(now - Date.parse(metadata.creationTimestamp))} ago)`;
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
    "section",
    { class: "box" },
    h("h2", null, "Metadata"),
    h(Facts, {
      of: {
        Created: age,
        Labels: labels.length > 0 && labels,
        "Owned by": metadata.ownerReferences?.map((owner) =>
          h(
            "div",
            { key: owner.uid },
            h(ObjectLink, { to: owner, namespace: metadata.namespace }, `${owner.kind} ${owner.name}`),
          ),
        ),
        Finalizers: metadata.finalizers?.join(", "),
        UID: metadata.uid,
        Annotations: metadata.annotations && h(Annotations, { all: metadata.annotations }),
      },
    }),
  );
}

/** All of the object once more, secrets too; the YAML has it. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Long ones are folded. */
const LONG = 120;

const Annotations = ({ all }: { readonly all: Readonly<Record<string, string>> }): ComponentChild =>
  h(
    "ul",
    { class: "plain" },
    Object.entries(all)
      .filter(([name]) => name !== LAST_APPLIED)
      .map(([name, value]) =>
        h(
          "li",
          { key: name },
          value.length > LONG
            ? h("details", null, h("summary", null, name), h("pre", null, value))
            : `${name}: ${value}`,
        ),
      ),
  );

const Conditions = ({ conditions }: { readonly conditions: readonly Condition[] }): ComponentChild => {
  const now = useNow();
  return h(
    "section",
    { class: "box" },
    h("h2", null, "Conditions"),
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          ["Type", "Status", "Since", "Reason", "Message"].map((name) => h("th", { scope: "col", key: name }, name)),
        ),
      ),
      h(
        "tbody",
        null,
        conditions.map(({ type, status, reason, message, lastTransitionTime }) =>
          h(
            "tr",
            { key: type },
            h("td", null, type),
            h("td", null, h("span", { class: conditionTone(type, status) }, status)),
            h("td", null, lastTransitionTime && humanDuration(now - Date.parse(lastTransitionTime))),
            h("td", null, reason),
            h("td", null, message),
          ),
        ),
      ),
    ),
  );
};

/** Conditions whose being true is bad news. */
const TROUBLE = /Pressure$|Failure$|^Failed|Unavailable$|Disrupt|^Corrupted|NotReady|Conflict/;

const conditionTone = (type: string, status: string) =>
  TROUBLE.test(type) ? (status === "True" ? "bad" : undefined) : toneOf("Condition", status);
