/** A namespace: what is in it, and how much may be. */
import type { LimitRange, Namespace, ResourceQuota } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import * as names from "../../kind-names.ts";
import { Facts } from "../../parts/facts.ts";
import { Grid } from "../../parts/grid.ts";
import { useCluster, useFollowed } from "../../parts/hooks.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { usePolled } from "../../parts/polled.ts";
import { QuotaMeters } from "../../parts/quota-meters.ts";
import { Section } from "../../parts/section.ts";
import { plural } from "../../parts/sidebar.ts";
import { toneOf } from "../../parts/tone.ts";
import { listText } from "../../reckoning/amounts.ts";
import { listAddress } from "../../route.ts";
import { countAt } from "../../server/count.ts";
import { asObjects } from "../../server/forms.ts";
import { type Kind, pathOf } from "../../server/kinds.ts";
import type { Server } from "../../server/server.ts";
import type { PanelView } from "../panels.ts";

const COUNTED = [
  names.PODS,
  names.DEPLOYMENTS,
  names.STATEFUL_SETS,
  names.DAEMON_SETS,
  names.JOBS,
  names.SERVICES,
  names.CONFIG_MAPS,
  names.SECRETS,
  names.CLAIMS,
];

export function NamespacePanel({ object: { metadata, status } }: PanelView<Namespace>): ComponentChild {
  const { server, kinds } = useCluster();
  const { name } = metadata;
  const counted = usePolled(name, (signal) =>
    Promise.all(COUNTED.flatMap((each) => kinds.named(each) ?? []).map((kind) => count(server, kind, name, signal))),
  );
  const quotas = useFollowed({ path: pathOf(names.QUOTAS, name) }, asObjects<ResourceQuota>());
  const ranges = useFollowed({ path: pathOf(names.LIMIT_RANGES, name) }, asObjects<LimitRange>());
  const phase = status?.phase ?? "Active";
  return [
    h(
      Section,
      { key: "namespace", title: "Namespace" },
      h(Facts, {
        of: {
          Phase: h("span", { class: toneOf("Phase", phase) }, phase),
          Holds: counted
            ?.filter(({ found }) => found !== undefined)
            .map(({ kind, found }) =>
              h(
                "a",
                { class: "chip", key: kind.resource, href: listAddress(kind, { namespace: name }) },
                `${plural(kind)}: ${found}`,
              ),
            ),
        },
      }),
    ),
    ...quotas.items.map((quota) =>
      h(
        Section,
        {
          key: quota.metadata.uid,
          title: ["Quota ", h(ObjectLink, { to: { ...quota.metadata, kind: "ResourceQuota" } })],
        },
        h(QuotaMeters, { quota }),
      ),
    ),
    ...ranges.items.map(({ metadata: { uid, ...range }, spec }) =>
      h(
        Section,
        { key: uid, title: ["Limits ", h(ObjectLink, { to: { ...range, kind: "LimitRange" } })] },
        h(Grid, {
          titles: ["Of a", "Least", "Most", "Default request", "Default limit"],
          rows: (spec.limits ?? []).map((limit) => [
            limit.type,
            listText(limit.min),
            listText(limit.max),
            listText(limit.defaultRequest),
            listText(limit.default),
          ]),
        }),
      ),
    ),
  ];
}

interface Counted {
  readonly kind: Kind;
  /** Undefined where the user may not list them, or the server does not count them. */
  readonly found?: number | undefined;
}

async function count(server: Server, kind: Kind, namespace: string, signal: AbortSignal): Promise<Counted> {
  try {
    return { kind, found: await countAt(server, pathOf(kind, namespace), signal) };
  } catch {
    return { kind };
  }
}
