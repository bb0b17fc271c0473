/** One write against one quota: the usage that it would make, or why it may not be. Pure. */
import type { Container, Pod, ResourceQuota } from "@kubets/api/generated/types/core-v1";
import { type Amounts, amount, ofList, shown } from "@kubets/api/quota/amounts";
import type { Quantity } from "@kubets/machinery";

type Verdict = { readonly used: ReadonlyMap<string, Quantity> } | { readonly refused: string } | undefined;

/** `used` is what the quota's status says now; undefined means that the quota counts nothing of this. */
export function evaluate(quota: ResourceQuota, used: Amounts, delta: Amounts): Verdict {
  const { name } = quota.metadata;
  const hard = ofList(quota.status?.hard ?? quota.spec.hard);
  const counted = [...delta.keys()].filter((it) => (quota.spec.hard ?? {})[it] !== undefined);
  if (counted.length === 0) return undefined;
  const unknown = counted.filter((it) => !hard.has(it) || !used.has(it));
  if (unknown.length) return { refused: `status unknown for quota: ${name}, resources: ${unknown.sort().join(",")}` };
  const next = new Map(used);
  for (const it of counted) next.set(it, amount(used, it).add(amount(delta, it)));
  const over = counted.filter((it) => amount(delta, it).sign() > 0 && amount(next, it).compare(amount(hard, it)) > 0);
  if (over.length === 0) return { used: next };
  const requested = shown(over, (it) => delta.get(it));
  return {
    refused: `exceeded quota: ${name}, requested: ${requested}, used: ${shown(over, (it) => used.get(it))}, limited: ${shown(over, (it) => hard.get(it))}`,
  };
}

const COMPUTE = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/** A quota on compute wants every container to say what it takes, or nothing could be counted. */
export function missingAmounts(quota: ResourceQuota, { spec }: Pod): string | undefined {
  const wanted = COMPUTE.filter((it) => (quota.spec.hard ?? {})[it] !== undefined);
  const missing = wanted.flatMap((it) => {
    if (spec.resources && says(spec as unknown as Container, it)) return [];
    const silent = [...spec.containers, ...(spec.initContainers ?? [])].filter((container) => !says(container, it));
    return silent.length
      ? [
          `${it} for: ${silent
            .map((c) => c.name)
            .sort()
            .join(",")}`,
        ]
      : [];
  });
  return missing.length ? `failed quota: ${quota.metadata.name}: must specify ${missing.sort().join("; ")}` : undefined;
}

function says({ resources }: Pick<Container, "resources">, wanted: string): boolean {
  const [kind, name] = wanted.includes(".") ? (wanted.split(".") as [string, string]) : ["requests", wanted];
  const list = kind === "limits" ? resources?.limits : resources?.requests;
  return list?.[name] !== undefined;
}
