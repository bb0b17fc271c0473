/** A node: what it is, how it fares, which pods it carries and what they have taken. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type Amounts, podLimits, podRequests } from "@kubets/api/pod/resources";
import { humanDuration } from "@kubets/machinery/duration";
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery/quantity";
import { parseTime } from "@kubets/machinery/time";
import { type JsonObject, labelsOf, listAt, mapAt, nameOf, namespaceOf, objectAt, textAt, textsAt } from "../json.ts";
import { type Describer, type Describing, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import { type Lines, longTime } from "./lines.ts";
import { annotations, labels } from "./metadata.ts";
import { taintText } from "./tolerations.ts";

export const node: Describer = async (describing) => {
  const { object, lines, events, now } = describing;
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "Roles", rolesOf(object).join(",") || "<none>");
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "CreationTimestamp", longTime(textAt(object, "metadata", "creationTimestamp")));
  const [taint = "<none>", ...more] = sortedTaints(object).map(taintText);
  lines.field(0, "Taints", taint);
  for (const each of more) lines.line(0, `\t${each}`);
  lines.field(0, "Unschedulable", textAt(object, "spec", "unschedulable") || "false");
  await lease(describing);
  conditions(lines, object);
  lines.line(0, "Addresses:");
  for (const each of listAt(object, "status", "addresses"))
    lines.field(1, textAt(each, "type"), textAt(each, "address"));
  amounts(lines, "Capacity", mapAt(object, "status", "capacity"));
  amounts(lines, "Allocatable", mapAt(object, "status", "allocatable"));
  system(lines, object);
  await pods(describing);
  eventLines(lines, events, now);
};

const ROLE = "node-role.kubernetes.io/";

const rolesOf = (object: JsonObject): string[] =>
  Object.entries(labelsOf(object))
    .flatMap(([key, value]) =>
      key.startsWith(ROLE) && key !== ROLE
        ? [key.slice(ROLE.length)]
        : key === "kubernetes.io/role" && value
          ? [value]
          : [],
    )
    .sort();

async function lease({ lines, api, info }: Describing): Promise<void> {
  try {
    const found = await api.rest.get(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${info.name}`);
    lines.line(0, "Lease:");
    lines.field(1, "HolderIdentity", textAt(found, "spec", "holderIdentity") || "<unset>");
    lines.field(1, "AcquireTime", longTime(withoutFraction(textAt(found, "spec", "acquireTime"))));
    lines.field(1, "RenewTime", longTime(withoutFraction(textAt(found, "spec", "renewTime"))));
  } catch (error) {
    lines.field(0, "Lease", `Failed to get lease: ${(error as Error).message}`);
  }
}

const withoutFraction = (time: string): string => time.replace(/\.[0-9]+Z$/, "Z");

function conditions(lines: Lines, object: JsonObject): void {
  const list = listAt(object, "status", "conditions");
  if (list.length === 0) return;
  lines.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
  lines.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
  for (const each of list) {
    const times = ["lastHeartbeatTime", "lastTransitionTime"].map((field) => longTime(textAt(each, field)));
    lines.line(
      1,
      [
        `${textAt(each, "type")} `,
        `${textAt(each, "status")} `,
        ...times.map((time) => `${time} `),
        `${textAt(each, "reason")} `,
        textAt(each, "message"),
      ].join("\t"),
    );
  }
}

function amounts(lines: Lines, title: string, list: Readonly<Record<string, string>>): void {
  const names = Object.keys(list).sort();
  if (names.length === 0) return;
  lines.line(0, `${title}:`);
  for (const name of names) lines.field(1, name, list[name]);
}

const SYSTEM = [
  ["Machine ID", "machineID"],
  ["System UUID", "systemUUID"],
  ["Boot ID", "bootID"],
  ["Kernel Version", "kernelVersion"],
  ["OS Image", "osImage"],
  ["Operating System", "operatingSystem"],
  ["Architecture", "architecture"],
  ["Container Runtime Version", "containerRuntimeVersion"],
  ["Kubelet Version", "kubeletVersion"],
  ["Kube-Proxy Version", "kubeProxyVersion"],
] as const;

function system(lines: Lines, object: JsonObject): void {
  lines.line(0, "System Info:");
  for (const [title, field] of SYSTEM) lines.field(1, title, textAt(object, "status", "nodeInfo", field));
  const cidr = textAt(object, "spec", "podCIDR");
  const cidrs = textsAt(object, "spec", "podCIDRs");
  if (cidr) lines.field(0, "PodCIDR", cidr);
  if (cidrs.length > 0) lines.field(0, "PodCIDRs", cidrs.join(","));
  const provider = textAt(object, "spec", "providerID");
  if (provider) lines.field(0, "ProviderID", provider);
}

async function pods({ object, lines, api, info, now }: Describing): Promise<void> {
  const found = await itemsAt(api, "/api/v1/pods", {
    fieldSelector: `spec.nodeName=${info.name},status.phase!=Failed,status.phase!=Succeeded`,
  });
  const allocatable = objectAt(object, "status", "allocatable") as Record<string, string>;
  const capacity = Object.keys(allocatable).length > 0 ? allocatable : mapAt(object, "status", "capacity");
  const cell = (amountsOf: Amounts, name: string) => shareText(amountsOf.get(name), capacity[name]);
  lines.line(0, `Non-terminated Pods:\t(${found.length} in total)`);
  lines.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
  lines.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
  const totals = { requests: new Map<string, Quantity>(), limits: new Map<string, Quantity>() };
  for (const each of found) {
    const requests = podRequests(each as unknown as Pod);
    const limits = podLimits(each as unknown as Pod);
    add(totals.requests, requests);
    add(totals.limits, limits);
    const created = textAt(each, "metadata", "creationTimestamp");
    const cells = [cell(requests, "cpu"), cell(limits, "cpu"), cell(requests, "memory"), cell(limits, "memory")];
    lines.line(
      1,
      [
        namespaceOf(each),
        nameOf(each),
        "",
        ...cells,
        created ? humanDuration(now - parseTime(created)) : "<unknown>",
      ].join("\t"),
    );
  }
  lines.line(
    0,
    "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n  Resource\tRequests\tLimits\n  --------\t--------\t------",
  );
  const fixed = ["cpu", "memory", "ephemeral-storage"];
  const own = Object.keys(capacity).filter(
    (name) => !fixed.includes(name) && name !== "pods" && (name.startsWith("hugepages-") || name.includes("/")),
  );
  for (const name of fixed) lines.line(1, `${name}\t${cell(totals.requests, name)}\t${cell(totals.limits, name)}`);
  for (const name of own.sort()) {
    const isPages = name.startsWith("hugepages-");
    const text = (list: Amounts) => (isPages ? cell(list, name) : (list.get(name) ?? zeroQuantity).toString());
    lines.line(1, `${name}\t${text(totals.requests)}\t${text(totals.limits)}`);
  }
}

function add(total: Map<string, Quantity>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? zeroQuantity).add(amount));
}

function shareText(amount: Quantity | undefined, of: string | undefined): string {
  const taken = amount ?? zeroQuantity;
  const whole = of === undefined ? 0 : Number(parseQuantity(of).scaled(-3));
  const share = whole > 0 ? Math.trunc((Number(taken.scaled(-3)) / whole) * 100) : 0;
  return `${taken.toString()} (${share}%)`;
}

/** By what they do, then by their keys. */
const sortedTaints = (node: JsonObject): JsonObject[] =>
  listAt(node, "spec", "taints").toSorted((a, b) => {
    const [left, right] = [a, b].map((each) => `${textAt(each, "effect")},${textAt(each, "key")}`) as [string, string];
    return left < right ? -1 : left > right ? 1 : 0;
  });
