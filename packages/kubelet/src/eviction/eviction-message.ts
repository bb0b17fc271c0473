/** Why a pod had to go, in the original's words: what the node is short of, and which of its containers use more than they asked for. Pure. */
import { parseQuantity, Quantity } from "@kubets/machinery/quantity";
import type { Contender } from "./rank.ts";
import { amountOf, type Level, RESOURCE_OF, type Threshold } from "./thresholds.ts";

export function evictionMessage({ pod, containers }: Contender, { signal, text }: Threshold, level: Level): string {
  const resource = RESOURCE_OF[signal];
  const format = resource === "inodes" || resource === "pids" ? "DecimalSI" : "BinarySI";
  const shown = (value: number) => new Quantity(Math.round(value), 0, format).toString();
  const over = pod.spec.containers.flatMap(({ name, resources }) => {
    const used = containers?.get(name) ?? 0;
    const request = resources.requests?.[resource] ?? "0";
    return used > parseQuantity(request).value()
      ? `Container ${name} was using ${shown(used)}, request is ${request}, has larger consumption of ${resource}. `
      : [];
  });
  const low = `Threshold quantity: ${shown(amountOf(text, level.capacity))}, available: ${shown(level.available)}. `;
  return `The node was low on resource: ${resource}. ${low}${over.join("")}`;
}
