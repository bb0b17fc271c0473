/** Gives containers the requests and limits that a namespace has for those who say none, and notes on the pod what was given. */
import type { Container, LimitRangeItem, Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";

const NOTE = "kubernetes.io/limit-ranger";

export function giveDefaults(pod: Draft<Pod>, items: readonly LimitRangeItem[]): void {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const item of items) {
    if (item.type !== "Container") continue;
    Object.assign(requests, item.defaultRequest);
    Object.assign(limits, item.default);
  }
  const given = [
    ...pod.spec.containers.flatMap((c) => giveTo(c, "container", requests, limits)),
    ...(pod.spec.initContainers ?? []).flatMap((c) => giveTo(c, "init container", requests, limits)),
  ];
  if (given.length)
    pod.metadata.annotations = { ...pod.metadata.annotations, [NOTE]: `LimitRanger plugin set: ${given.join("; ")}` };
}

type Amounts = Readonly<Record<string, string>>;

function giveTo(container: Draft<Container>, kind: string, requests: Amounts, limits: Amounts): string[] {
  const given: string[] = [];
  for (const [what, defaults] of [
    ["request", requests],
    ["limit", limits],
  ] as const) {
    const part = what === "request" ? "requests" : "limits";
    const own = container.resources?.[part] ?? {};
    const missing = Object.keys(defaults)
      .filter((name) => own[name] === undefined)
      .sort();
    if (missing.length === 0) continue;
    const filled = { ...own, ...Object.fromEntries(missing.map((name) => [name, defaults[name] as string])) };
    container.resources = { ...container.resources, [part]: filled };
    given.push(`${missing.join(", ")} ${what} for ${kind} ${container.name}`);
  }
  return given;
}
