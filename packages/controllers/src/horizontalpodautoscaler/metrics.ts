/**
 * Reads the metrics APIs: resource metrics of pods, custom metrics of pods and objects, external metrics. All values in thousandths.
 * Holds: an API that is not served, or that has nothing to tell, is an error whose text says which of the three it was.
 */
import { type ResourceRef, resourcePath } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";
import { queryText } from "@kubets/client/query";
import { responseError } from "@kubets/client/response-error";
import { parseQuantity } from "@kubets/machinery";
import { parseDuration } from "@kubets/machinery/duration";
import { errorText } from "../error-text.ts";

export interface PodMetric {
  readonly value: number;
  /** When its window ended, and how long that was. */
  readonly timestamp: number;
  readonly windowMs: number;
}
export type PodMetrics = ReadonlyMap<string, PodMetric>;

const RESOURCE = { group: "metrics.k8s.io", version: "v1beta1", resource: "pods" } as const;
const CUSTOM = "custom.metrics.k8s.io";
const EXTERNAL = "/apis/external.metrics.k8s.io/v1beta1";
const WINDOW_MS = 60_000;

interface PodMetricsItem {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly timestamp: string;
  readonly window: string;
  readonly containers?: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[];
}

interface MetricValue {
  readonly describedObject?: { readonly name: string };
  readonly timestamp: string;
  readonly windowSeconds?: number;
  readonly value: string;
}

/** What pods that match the selector use of a resource: the sum of their containers, or one of them. */
export async function resourceMetric(
  client: Client,
  namespace: string,
  labelSelector: string,
  resource: string,
  container?: string,
): Promise<PodMetrics> {
  const path = `${resourcePath({ ...RESOURCE, kind: "", namespaced: true }, namespace)}${queryText({ labelSelector })}`;
  const items = await itemsAt<PodMetricsItem>(client, path, "resource", RESOURCE);
  const metrics = new Map<string, PodMetric>();
  for (const { metadata, timestamp, window, containers = [] } of items) {
    const own = container === undefined ? containers : containers.filter(({ name }) => name === container);
    if (container !== undefined && own.length === 0)
      throw new Error(`container ${container} not present in metrics for pod ${namespace}/${metadata.name}`);
    const usages = own.map(({ usage }) => usage[resource]);
    if (usages.length === 0 || usages.some((usage) => usage === undefined)) continue;
    const value = usages.reduce((sum, usage) => sum + milli(usage as string), 0);
    metrics.set(metadata.name, { value, timestamp: Date.parse(timestamp), windowMs: parseDuration(window) });
  }
  return metrics;
}

/** What pods that match the selector tell of themselves. */
export async function podsMetric(
  client: Client,
  namespace: string,
  labelSelector: string,
  metric: string,
  metricLabelSelector: string,
): Promise<PodMetrics> {
  const base = await customBase(client);
  const path = `${base}/namespaces/${namespace}/pods/*/${metric}${queryText({ labelSelector, metricLabelSelector })}`;
  const items = await itemsAt<MetricValue>(client, path, "custom");
  return new Map(
    items.map(({ describedObject, timestamp, windowSeconds, value }) => [
      describedObject?.name ?? "",
      {
        value: milli(value),
        timestamp: Date.parse(timestamp),
        windowMs: windowSeconds === undefined ? WINDOW_MS : windowSeconds * 1000,
      },
    ]),
  );
}

/** What one object tells of itself. */
export async function objectMetric(
  client: Client,
  namespace: string,
  { group, resource, namespaced }: ResourceRef,
  name: string,
  metric: string,
  metricLabelSelector: string,
): Promise<number> {
  const base = await customBase(client);
  const where = namespaced ? `/namespaces/${namespace}` : "";
  const which =
    resource === "namespaces" && !group
      ? `/namespaces/${name}/metrics/${metric}`
      : `${where}/${group ? `${resource}.${group}` : resource}/${encodeURIComponent(name)}/${metric}`;
  const [first] = await itemsAt<MetricValue>(client, `${base}${which}${queryText({ metricLabelSelector })}`, "custom");
  return milli((first as MetricValue).value);
}

/** The sum of what something outside the cluster tells. */
export async function externalMetric(
  client: Client,
  namespace: string,
  metric: string,
  labelSelector: string,
): Promise<number> {
  const path = `${EXTERNAL}/namespaces/${namespace}/${metric}${queryText({ labelSelector })}`;
  const items = await itemsAt<MetricValue>(client, path, "external");
  return items.reduce((sum, { value }) => sum + milli(value), 0);
}

async function customBase(client: Client): Promise<string> {
  const { status, body } = await client.raw("GET", `/apis/${CUSTOM}`);
  if (status !== 200)
    throw new Error(`unable to fetch metrics from custom metrics API: no custom metrics API (${CUSTOM}) registered`);
  const group = JSON.parse(new TextDecoder().decode(body)) as { preferredVersion: { groupVersion: string } };
  return `/apis/${group.preferredVersion.groupVersion}`;
}

async function itemsAt<T>(
  client: Client,
  path: string,
  api: "resource" | "custom" | "external",
  asked: { group: string; resource: string } = {
    group: `${api}.metrics.k8s.io`,
    resource: path.split("/").at(-1) ?? "",
  },
): Promise<readonly T[]> {
  let items: readonly T[];
  try {
    const { status, body } = await client.raw("GET", path, undefined, { accept: "application/json" });
    if (status !== 200) throw responseError(status, {}, body, { method: "GET", resource: asked });
    ({ items = [] } = JSON.parse(new TextDecoder().decode(body)) as { items?: readonly T[] });
  } catch (error) {
    throw new Error(`unable to fetch metrics from ${api} metrics API: ${errorText(error)}`, { cause: error });
  }
  if (items.length === 0) throw new Error(`no metrics returned from ${api} metrics API`);
  return items;
}

export const milli = (text: string): number => parseQuantity(text).milliValue();
