/** Metrics as one line of a table: what is, over what is wanted. */
import type { MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from "../generated/types/autoscaling-v2.ts";

const SHOWN = 2;
const UNKNOWN = "<unknown>";

export function metricsText(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (!specs.length) return "<none>";
  const texts = specs.map((spec, i) => metricText(spec, statuses[i]));
  const more = texts.length > SHOWN ? ` + ${texts.length - SHOWN} more...` : "";
  return texts.slice(0, SHOWN).join(", ") + more;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return spec.external ? valueText(spec.external.target, status?.external?.current) : "<unknown type>";
    case "Object":
      return spec.object ? valueText(spec.object.target, status?.object?.current) : "<unknown type>";
    case "Pods":
      return `${status?.pods?.current.averageValue ?? UNKNOWN}/${spec.pods?.target.averageValue ?? ""}`;
    case "Resource":
      return spec.resource ? resourceText(spec.resource, status?.resource?.current) : "<unknown type>";
    case "ContainerResource":
      return spec.containerResource
        ? resourceText(spec.containerResource, status?.containerResource?.current)
        : "<unknown type>";
    default:
      return "<unknown type>";
  }
}

function valueText(target: MetricTarget, current: MetricValueStatus | undefined): string {
  return target.averageValue == null
    ? `${current?.value ?? UNKNOWN}/${target.value ?? ""}`
    : `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
}

function resourceText(
  { name, target }: { readonly name: string; readonly target: MetricTarget },
  current: MetricValueStatus | undefined,
): string {
  if (target.averageValue != null) return `${name}: ${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  const is = current?.averageUtilization == null ? UNKNOWN : `${current.averageUtilization}%`;
  const wanted = target.averageUtilization == null ? "<auto>" : `${target.averageUtilization}%`;
  return `${name}: ${is}/${wanted}`;
}
