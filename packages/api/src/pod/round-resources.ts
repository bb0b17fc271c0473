/** Amounts of resources are kept in thousandths at the finest; what is finer is rounded up. */
import { tryParseQuantity } from "@kubets/machinery/quantity";

export function roundResources(list: Record<string, string> | undefined): void {
  if (!list) return;
  for (const name of Object.keys(list)) {
    const quantity = tryParseQuantity(list[name] as string);
    if (quantity && quantity.scale < -3) list[name] = quantity.roundUp(-3).toString();
  }
}
