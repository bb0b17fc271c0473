/** What a quota's status says: how much of what it limits is used, by all that it counts. Pure. */
import type { ResourceQuota, ResourceQuotaStatus } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { Amounts } from "@kubets/api/quota/amounts";
import { countsObject } from "@kubets/api/quota/scopes";
import { usageOf } from "@kubets/api/quota/usage";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery";

export function quotaStatus(
  quota: ResourceQuota,
  objects: Iterable<{ readonly ref: ResourceRef; readonly object: KubeObject }>,
): ResourceQuotaStatus {
  const hard = quota.spec.hard ?? {};
  const used = new Map<string, Quantity>(Object.keys(hard).map((name) => [name, zeroQuantity]));
  for (const { ref, object } of objects) if (countsObject(quota, ref.resource, object)) add(used, usageOf(ref, object));
  return {
    hard: canonical(hard),
    used: Object.fromEntries([...used].map(([name, quantity]) => [name, String(quantity)])),
  };
}

function add(used: Map<string, Quantity>, more: Amounts): void {
  for (const [name, quantity] of more) {
    const before = used.get(name);
    if (before) used.set(name, before.add(quantity));
  }
}

const canonical = (list: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(list).map(([name, text]) => [name, String(parseQuantity(text))]));

/** Quantities that are equal may be written differently. */
export function sameAmounts(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>> | undefined,
): boolean {
  const [left, right] = [Object.entries(a ?? {}), b ?? {}];
  return (
    left.length === Object.keys(right).length &&
    left.every(
      ([name, text]) => right[name] !== undefined && parseQuantity(text).compare(parseQuantity(right[name])) === 0,
    )
  );
}

/** The resources that a quota's limits are about: "pods", "count/deployments.apps", "requests.cpu". */
export function countedResources({ spec }: ResourceQuota): Set<string> {
  const counted = new Set<string>();
  for (const name of Object.keys(spec.hard ?? {})) {
    if (name.startsWith("count/")) counted.add(name.slice("count/".length));
    else if (name.startsWith("services")) counted.add("services");
    else if (
      name === "persistentvolumeclaims" ||
      name === "requests.storage" ||
      name.includes(".storageclass.storage.k8s.io/")
    )
      counted.add("persistentvolumeclaims");
    else if (PLAIN.has(name)) counted.add(name);
    else counted.add("pods");
  }
  return counted;
}

const PLAIN = new Set(["configmaps", "secrets", "replicationcontrollers", "resourcequotas"]);
