/** In which units an amount may be handed to a container. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { tryParseQuantity } from "@kubets/machinery/quantity";
import type { ResourceFieldSelector } from "../generated/types/core-v1.ts";

const CPU = ["1m", "1"];
const BYTES = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

export function validateDivisor({ resource, divisor }: ResourceFieldSelector, field: string): FieldError[] {
  const quantity = tryParseQuantity(divisor || "0");
  if (!quantity || quantity.isZero()) return [];
  const found = kindOf(resource.replace(/^(limits|requests)\./, ""));
  if (!found || found.allowed.includes(divisor)) return [];
  const texts = found.allowed === CPU ? "1m and 1" : BYTES.join(", ");
  return [
    invalidValue(field, resource, `only divisor's values ${texts} are supported with the ${found.name} resource`),
  ];
}

function kindOf(resource: string): { name: string; allowed: readonly string[] } | undefined {
  if (resource === "cpu") return { name: "cpu", allowed: CPU };
  if (resource === "memory") return { name: "memory", allowed: BYTES };
  if (resource === "ephemeral-storage") return { name: "local ephemeral storage", allowed: BYTES };
  return resource.startsWith("hugepages-") ? { name: "hugepages", allowed: BYTES } : undefined;
}
