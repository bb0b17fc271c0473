/**
 * What each metric of an autoscaler asks for: fetches the metric, counts replicas, and makes the entry of the status.
 * Holds: what goes wrong is a MetricError that carries the reason for event and condition, and the words of both.
 */
import type {
  ContainerResourceMetricSource,
  ExternalMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  ObjectMetricSource,
  PodsMetricSource,
} from "@kubets/api/generated/types/autoscaling-v2";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { LabelSelector } from "@kubets/api/generated/types/meta-v1";
import { isReady } from "@kubets/api/pod/state";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";
import { labelSelectorOf, milliQuantity } from "@kubets/machinery";
import { errorText } from "../error-text.ts";
import { externalMetric, milli, objectMetric, podsMetric, resourceMetric } from "./metrics.ts";
import { groupPods, type StartPeriods } from "./pod-groups.ts";
import { podRequestsOf } from "./pod-requests.ts";
import { byShare, byTotal, byUsage, byUtilization, type Proposal, type Tolerances } from "./replica-count.ts";

export interface MetricProposal {
  readonly replicas: number;
  /** As events and conditions name the metric. */
  readonly name: string;
  readonly status: MetricStatus;
}

export class MetricError extends Error {
  override readonly name = "MetricError";
  /** Of the event and the condition. */
  readonly reason: string;
  /** What went wrong, without saying for what. */
  readonly inner: string;

  constructor(reason: string, inner: string, message: string) {
    super(message);
    this.reason = reason;
    this.inner = inner;
  }
}

interface ProposalInput {
  readonly client: Client;
  readonly namespace: string;
  /** Of the target's scale. */
  readonly selector: string;
  readonly pods: readonly Pod[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly tolerances: Tolerances;
  readonly periods: StartPeriods;
  readonly now: number;
  /** The resource of a described object. */
  resolve(apiVersion: string, kind: string): Promise<ResourceRef>;
}

const NO_PODS = "no pods returned by selector while calculating replica count";

/** Throws a MetricError. */
export function proposalOf(spec: MetricSpec, input: ProposalInput): Promise<MetricProposal> {
  const { type, resource, containerResource, pods, object, external } = spec;
  if (type === "Resource" && resource)
    return blamed("FailedGetResourceMetric", `failed to get ${resource.name} resource metric value`, async () => {
      const { name, ...counted } = await byResource(resource.name, resource.target, undefined, input);
      return { ...counted, name, status: { type, resource: { name: resource.name, current: counted.current } } };
    });
  if (type === "ContainerResource" && containerResource)
    return blamed(
      "FailedGetContainerResourceMetric",
      `failed to get ${containerResource.container} container metric value`,
      () => ofContainer(containerResource, input),
    );
  if (type === "Pods" && pods)
    return blamed("FailedGetPodsMetric", "failed to get pods metric value", () => ofPods(pods, input));
  if (type === "Object" && object)
    return blamed("FailedGetObjectMetric", "failed to get object metric value", () => ofObject(object, input));
  if (type === "External" && external)
    return blamed("FailedGetExternalMetric", `failed to get ${external.metric.name} external metric value`, () =>
      ofExternal(external, input),
    );
  const unknown = `unknown metric source type ${JSON.stringify(type)}`;
  return Promise.reject(new MetricError("InvalidMetricSourceType", unknown, unknown));
}

async function blamed(reason: string, what: string, run: () => Promise<MetricProposal>): Promise<MetricProposal> {
  try {
    return await run();
  } catch (error) {
    throw new MetricError(reason, errorText(error), `${what}: ${errorText(error)}`);
  }
}

interface Counted {
  readonly replicas: number;
  readonly name: string;
  readonly current: MetricValueStatus;
}

async function byResource(
  resource: string,
  target: MetricTarget,
  container: string | undefined,
  { client, namespace, selector, pods, specReplicas, tolerances, periods, now }: ProposalInput,
): Promise<Counted> {
  if (target.averageValue === undefined && target.averageUtilization === undefined)
    throw new Error(
      "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set",
    );
  const what = target.averageValue === undefined ? "utilization" : "usage";
  try {
    const metrics = await resourceMetric(client, namespace, selector, resource, container).catch((error: unknown) => {
      throw new Error(`unable to get metrics for resource ${resource}: ${errorText(error)}`);
    });
    if (pods.length === 0) throw new Error(NO_PODS);
    const groups = groupPods(pods, metrics, resource === "cpu", periods, now);
    if (target.averageValue !== undefined) {
      const { replicas, usage } = byUsage(groups, specReplicas, milli(target.averageValue), tolerances);
      return { replicas, name: `${resource} resource`, current: averageValue(usage) };
    }
    const requests = () => podRequestsOf(pods, resource, container);
    const { replicas, usage, utilization } = byUtilization(
      groups,
      groups.metrics.size > 0 ? requests() : new Map(),
      specReplicas,
      target.averageUtilization as number,
      tolerances,
    );
    const kind = container === undefined ? "resource" : "container resource";
    return {
      replicas,
      name: `${resource} ${kind} utilization (percentage of request)`,
      current: { averageUtilization: utilization, ...averageValue(usage) },
    };
  } catch (error) {
    throw new Error(`failed to get ${resource} ${what}: ${errorText(error)}`, { cause: error });
  }
}

async function ofContainer(
  { name: resource, container, target }: ContainerResourceMetricSource,
  input: ProposalInput,
): Promise<MetricProposal> {
  const { current, ...rest } = await byResource(resource, target, container, input);
  return { ...rest, status: { type: "ContainerResource", containerResource: { name: resource, container, current } } };
}

async function ofPods(
  { metric, target }: PodsMetricSource,
  { client, namespace, selector, pods, specReplicas, tolerances, periods, now }: ProposalInput,
): Promise<MetricProposal> {
  const metrics = await podsMetric(client, namespace, selector, metric.name, selectorText(metric.selector)).catch(
    (error: unknown) => {
      throw new Error(`unable to get metric ${metric.name}: ${errorText(error)}`);
    },
  );
  if (pods.length === 0) throw new Error(NO_PODS);
  const groups = groupPods(pods, metrics, false, periods, now);
  const { replicas, usage } = byUsage(groups, specReplicas, milli(target.averageValue ?? "0"), tolerances);
  return {
    replicas,
    name: `pods metric ${metric.name}`,
    status: { type: "Pods", pods: { metric: identified(metric), current: averageValue(usage) } },
  };
}

async function ofObject(
  { metric, target, describedObject }: ObjectMetricSource,
  input: ProposalInput,
): Promise<MetricProposal> {
  const { client, namespace, resolve } = input;
  const { kind, name, apiVersion = "v1" } = describedObject;
  const fetch = async () => {
    try {
      const ref = await resolve(apiVersion, kind);
      return await objectMetric(client, namespace, ref, name, metric.name, selectorText(metric.selector));
    } catch (error) {
      throw new Error(`unable to get metric ${metric.name}: ${kind} on ${namespace} ${name}/${errorText(error)}`);
    }
  };
  const counted = await byValueOrShare(
    target,
    input,
    fetch,
    "object",
    (error) => `failed to get ${metric.name} object metric: ${errorText(error)}`,
  );
  return {
    replicas: counted.replicas,
    name:
      target.type === "Value"
        ? `${kind} metric ${metric.name}`
        : `external metric ${metric.name}(${goText(metric.selector)})`,
    status: { type: "Object", object: { describedObject, metric: identified(metric), current: counted.current } },
  };
}

async function ofExternal({ metric, target }: ExternalMetricSource, input: ProposalInput): Promise<MetricProposal> {
  const { client, namespace } = input;
  const named = `${metric.name}(${goText(metric.selector)})`;
  const fetch = async () => {
    try {
      return await externalMetric(client, namespace, metric.name, selectorText(metric.selector));
    } catch (error) {
      throw new Error(
        `unable to get external metric ${namespace}/${metric.name}/${goText(metric.selector)}: ${errorText(error)}`,
      );
    }
  };
  const counted = await byValueOrShare(target, input, fetch, "external", (error) =>
    target.averageValue === undefined
      ? `failed to get external metric ${metric.name}: ${errorText(error)}`
      : `failed to get ${metric.name} external metric: ${errorText(error)}`,
  );
  return {
    replicas: counted.replicas,
    name: `external metric ${named}`,
    status: { type: "External", external: { metric: identified(metric), current: counted.current } },
  };
}

async function byValueOrShare(
  target: MetricTarget,
  { pods, specReplicas, statusReplicas, tolerances }: ProposalInput,
  fetch: () => Promise<number>,
  source: "object" | "external",
  blame: (error: unknown) => string,
): Promise<Pick<Counted, "replicas" | "current">> {
  if (target.averageValue === undefined && target.value === undefined)
    throw new Error(`invalid ${source} metric source: neither a value target nor an average value target was set`);
  try {
    const usage = await fetch();
    if (target.averageValue !== undefined) {
      const shared = byShare(usage, statusReplicas, milli(target.averageValue), tolerances);
      return { replicas: shared.replicas, current: averageValue(shared.usage) };
    }
    const whole: Proposal = byTotal(
      usage,
      specReplicas,
      () => readyPods(pods),
      milli(target.value as string),
      tolerances,
    );
    return { replicas: whole.replicas, current: { value: milliQuantity(whole.usage).toString() } };
  } catch (error) {
    throw new Error(blame(error), { cause: error });
  }
}

function readyPods(pods: readonly Pod[]): number {
  if (pods.length === 0) throw new Error(`unable to calculate ready pods: ${NO_PODS}`);
  return pods.filter((pod) => pod.status.phase === "Running" && isReady(pod)).length;
}

const averageValue = (usage: number): MetricValueStatus => ({ averageValue: milliQuantity(usage).toString() });

const identified = ({ name, selector }: MetricIdentifier): MetricIdentifier => ({
  name,
  ...(selector && { selector }),
});

const selectorText = (selector: LabelSelector | undefined): string =>
  selector ? labelSelectorOf(selector).toString() : "";

/** A label selector as texts of the original spell it. */
function goText(selector: LabelSelector | undefined): string {
  if (!selector) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`;
}
