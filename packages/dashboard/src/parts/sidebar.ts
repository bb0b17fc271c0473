/** The kinds of the cluster, those that people look for first in their own order, all others by their groups. */
import { type ComponentChild, h } from "preact";
import { fullName } from "../kind-names.ts";
import { listAddress, type Route } from "../route.ts";
import { canList, type Kind, type Kinds } from "../server/kinds.ts";
import { useCluster } from "./hooks.ts";

interface Section {
  readonly title: string;
  readonly kinds: readonly Kind[];
}

const USUAL: readonly (readonly [title: string, resources: readonly string[]])[] = [
  [
    "Workloads",
    [
      "pods",
      "deployments.apps",
      "statefulsets.apps",
      "daemonsets.apps",
      "replicasets.apps",
      "jobs.batch",
      "cronjobs.batch",
      "replicationcontrollers",
      "horizontalpodautoscalers.autoscaling",
      "poddisruptionbudgets.policy",
    ],
  ],
  [
    "Network",
    [
      "services",
      "ingresses.networking.k8s.io",
      "endpointslices.discovery.k8s.io",
      "networkpolicies.networking.k8s.io",
      "ingressclasses.networking.k8s.io",
    ],
  ],
  ["Configuration", ["configmaps", "secrets", "resourcequotas", "limitranges"]],
  ["Storage", ["persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"]],
  [
    "Access",
    [
      "serviceaccounts",
      "roles.rbac.authorization.k8s.io",
      "rolebindings.rbac.authorization.k8s.io",
      "clusterroles.rbac.authorization.k8s.io",
      "clusterrolebindings.rbac.authorization.k8s.io",
      "certificatesigningrequests.certificates.k8s.io",
    ],
  ],
  [
    "Cluster",
    [
      "nodes",
      "namespaces",
      "events",
      "leases.coordination.k8s.io",
      "priorityclasses.scheduling.k8s.io",
      "customresourcedefinitions.apiextensions.k8s.io",
    ],
  ],
];

export function sectionsOf(kinds: Kinds): { readonly usual: readonly Section[]; readonly others: readonly Section[] } {
  const shown = new Set<Kind>();
  const usual = USUAL.map(([title, resources]) => {
    const found = resources.flatMap((name) => {
      const [resource = "", group = ""] = name.split(/\.(.*)/s);
      const kind = kinds.named({ group, resource });
      return kind && canList(kind) ? [kind] : [];
    });
    for (const kind of found) shown.add(kind);
    return { title, kinds: found };
  });
  // The events of the two groups are the same.
  const rest = kinds.all.filter((kind) => canList(kind) && !shown.has(kind) && kind.group !== "events.k8s.io");
  const others = [...Map.groupBy(rest, ({ group }) => group)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([group, found]) => ({ title: group || "core", kinds: found }));
  return { usual: usual.filter((section) => section.kinds.length > 0), others };
}

export function Sidebar({ route }: { readonly route: Route }): ComponentChild {
  const { kinds } = useCluster();
  const { usual, others } = sectionsOf(kinds);
  const namespace = route.page === "overview" ? "" : route.namespace;
  const at = route.page === "list" || route.page === "object" ? kinds.named(route.kind) : undefined;
  const link = (kind: Kind) =>
    h(
      "li",
      { key: fullName(kind) },
      h(
        "a",
        {
          href: listAddress(kind, { namespace: kind.namespaced ? namespace : "" }),
          "aria-current": kind === at ? "page" : undefined,
        },
        plural(kind),
      ),
    );
  return h(
    "nav",
    { "aria-label": "Kinds" },
    h("a", { class: "brand", href: "#/", "aria-current": route.page === "overview" ? "page" : undefined }, "Kubets"),
    usual.map((section) =>
      h("section", { key: section.title }, h("h2", null, section.title), h("ul", null, section.kinds.map(link))),
    ),
    h("h2", null, "More"),
    others.map((section) =>
      h(
        "details",
        { key: section.title, open: section.kinds.some((kind) => kind === at) || undefined },
        h("summary", null, section.title),
        h("ul", null, section.kinds.map(link)),
      ),
    ),
  );
}

/** `NetworkPolicies` of `NetworkPolicy`: the kind as it is written, with the ending of the resource. */
export function plural({ kind, resource }: Pick<Kind, "kind" | "resource">): string {
  let same = 0;
  while (same < kind.length && kind[same]?.toLowerCase() === resource[same]) same++;
  return kind.slice(0, same) + resource.slice(same);
}
