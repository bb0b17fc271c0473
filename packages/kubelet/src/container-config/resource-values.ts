/** Values of a container's requests and limits, in units of a divisor, rounded up. Without a limit the node's allocatable counts. */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery/quantity";
import { ContainerConfigError } from "./config-error.ts";

interface ResourceSelector {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string;
}

export type Allocatable = Readonly<Record<string, string>>;

export function resourceValue(container: Container, selector: ResourceSelector, allocatable: Allocatable): string {
  const [kind, name] = splitResource(selector.resource);
  const { requests, limits } = container.resources ?? {};
  const set = (list: Readonly<Record<string, string>> | undefined): Quantity | undefined => {
    const text = list?.[name];
    const quantity = text === undefined ? undefined : parseQuantity(text);
    return quantity?.isZero() ? undefined : quantity;
  };
  const found = kind === "limits" ? (set(limits) ?? set(allocatable)) : set(requests);
  return inUnits(found ?? zeroQuantity, selector.divisor, name === "cpu");
}

export function containerNamed(pod: Pod, name: string): Container {
  const found = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((each) => each.name === name);
  if (!found) throw new ContainerConfigError(`container ${name} not found`);
  return found;
}

function splitResource(resource: string): [kind: string, name: string] {
  const dot = resource.indexOf(".");
  const kind = resource.slice(0, dot);
  if (kind !== "limits" && kind !== "requests")
    throw new ContainerConfigError(`unsupported container resource : ${resource}`);
  return [kind, resource.slice(dot + 1)];
}

function inUnits(quantity: Quantity, divisor: string | undefined, milli: boolean): string {
  const unit = divisor && divisor !== "0" ? parseQuantity(divisor) : parseQuantity("1");
  const [amount, by] = milli ? [quantity.scaled(-3), unit.scaled(-3)] : [quantity.scaled(0), unit.scaled(0)];
  return String(amount <= 0n ? 0n : (amount + by - 1n) / by);
}
