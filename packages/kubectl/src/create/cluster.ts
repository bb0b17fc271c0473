/** Generators of what bounds others: namespace, quota, priorityclass, poddisruptionbudget. */
import { bool, int, list, map, text } from "@kubets/machinery/flags";
import { parseLabelSelector } from "@kubets/machinery/label-selector";
import { UsageError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { generator, metadata } from "./generator.ts";

export const namespace = generator({
  name: "namespace",
  aliases: ["ns"],
  summary: "Create a namespace",
  usage: "NAME [flags]",
  build: (name) => ({ apiVersion: "v1", kind: "Namespace", metadata: metadata(name), spec: {}, status: {} }),
});

export const quota = generator({
  name: "quota",
  aliases: ["resourcequota"],
  summary: "Create a quota",
  usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [flags]",
  flags: { hard: map({ help: "Limits: cpu=1,pods=10." }), scopes: list({ help: "What the quota counts." }) },
  build: (name, { flags }) => ({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: metadata(name),
    spec: {
      ...(Object.keys(flags.hard).length > 0 && { hard: { ...flags.hard } }),
      ...(flags.scopes.length > 0 && { scopes: [...flags.scopes] }),
    },
    status: {},
  }),
});

export const priorityclass = generator({
  name: "priorityclass",
  aliases: ["pc"],
  summary: "Create a priority class",
  usage: "NAME --value=VALUE --global-default=BOOL [flags]",
  flags: {
    value: int({ help: "The priority." }),
    "global-default": bool({ help: "For pods that name no class." }),
    description: text({ help: "What it is for." }),
    "preemption-policy": text({ help: "PreemptLowerPriority or Never.", default: "PreemptLowerPriority" }),
  },
  build: (name, { flags }) => ({
    apiVersion: "scheduling.k8s.io/v1",
    ...(flags.description && { description: flags.description }),
    ...(flags["global-default"] && { globalDefault: true }),
    kind: "PriorityClass",
    metadata: metadata(name),
    preemptionPolicy: flags["preemption-policy"],
    value: flags.value,
  }),
});

const amount = (written: string): JsonValue => (/^[0-9]+$/.test(written) ? Number(written) : written);

export const poddisruptionbudget = generator({
  name: "poddisruptionbudget",
  aliases: ["pdb"],
  summary: "Create a pod disruption budget",
  usage: "NAME --selector=SELECTOR --min-available=N [flags]",
  flags: {
    selector: text({ help: "Labels of the pods." }),
    "min-available": text({ help: "How many must be there, or a percentage." }),
    "max-unavailable": text({ help: "How many may be missing, or a percentage." }),
  },
  build(name, { flags }) {
    const { selector, "min-available": min, "max-unavailable": max } = flags;
    if (!selector) throw new UsageError("a selector must be specified");
    if (!min && !max) throw new UsageError("one of min-available or max-unavailable must be specified");
    if (min && max) throw new UsageError("min-available and max-unavailable cannot be both specified");
    const budget: JsonObject = min ? { minAvailable: amount(min) } : { maxUnavailable: amount(max) };
    return {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: metadata(name),
      spec: { ...budget, selector: selectorObject(selector) },
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
    };
  },
});

function selectorObject(written: string): JsonObject {
  const labels: JsonObject = {};
  for (const { key, values } of parseLabelSelector(written).requirements) labels[key] = values[0] ?? "";
  return { matchLabels: labels };
}
