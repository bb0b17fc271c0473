/** What a node may say of itself, and what of it cannot be taken back. */
import { duplicate, type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { cidrErrors } from "@kubets/machinery/cidr";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { labelKey, labelValue } from "@kubets/machinery/names";
import type { Node, Taint } from "../../generated/types/core-v1.ts";
import { nameErrors, oneOf } from "../../pod/field-checks.ts";
import { internalForm } from "../../pod/internal-form.ts";
import { resourceAmount } from "../../pod/validate-resources.ts";
import { TAINT_EFFECTS } from "../../pod/validate-tolerations.ts";

export function validateNode(node: Node): FieldError[] {
  const { spec } = node;
  const errors = [...taintErrors(spec.taints), ...amountErrors(node)];
  const ranges = spec.podCIDRs ?? [];
  for (const [i, range] of ranges.entries()) errors.push(...nameErrors(`spec.podCIDRs[${i}]`, range, cidrErrors));
  const families = new Set(ranges.map((range) => range.includes(":")));
  if (ranges.length > 1 && (ranges.length > 2 || families.size < 2))
    errors.push(invalidValue("spec.podCIDRs", ranges, "may specify no more than one CIDR for each IP family"));
  const seen = new Set<string>();
  for (const [i, range] of ranges.entries()) {
    if (seen.has(range)) errors.push(duplicate(`spec.podCIDRs[${i}]`, range));
    seen.add(range);
  }
  return errors;
}

const amountErrors = ({ status }: Node): FieldError[] =>
  (["capacity", "allocatable"] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, text]) =>
      resourceAmount(`status.${list}.${name}`, name, text),
    ),
  );

/** The original names taints as if they were metadata. */
function taintErrors(taints: readonly Taint[] | undefined): FieldError[] {
  const seen = new Set<string>();
  return (taints ?? []).flatMap((taint, i) => {
    const at = `metadata.taints[${i}]`;
    const { key, value = "", effect } = taint;
    const errors = nameErrors(`${at}.key`, key, labelKey);
    const texts = labelValue(value);
    if (texts.length) errors.push(invalidValue(`${at}.value`, value, texts.join(";")));
    errors.push(...oneOf(`${at}.effect`, effect, TAINT_EFFECTS));
    if (seen.has(`${effect}/${key}`)) {
      const detail = "taints must be unique by key and effect pair";
      errors.push({ ...duplicate(at, internalForm("Taint", taint)), detail });
    }
    seen.add(`${effect}/${key}`);
    return errors;
  });
}

export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = [...amountErrors(node), ...addressErrors(node)];
  if (old.spec.podCIDRs?.length && !deepEqual(node.spec.podCIDRs ?? [], old.spec.podCIDRs)) {
    const detail = 'node updates may not change podCIDR except from "" to valid';
    errors.push(forbiddenField("spec.podCIDRs", detail));
  }
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid';
    errors.push(forbiddenField("spec.providerID", detail));
  }
  errors.push(...taintErrors(node.spec.taints));
  if ((node.spec.externalID ?? "") !== (old.spec.externalID ?? ""))
    errors.push(forbiddenField("spec.externalID", "may not be updated"));
  return errors;
}

function addressErrors({ status }: Node): FieldError[] {
  const seen = new Set<string>();
  return (status.addresses ?? []).flatMap((address, i) => {
    const key = `${address.type}/${address.address}`;
    if (seen.has(key)) return [duplicate(`status.addresses[${i}]`, internalForm("NodeAddress", address))];
    seen.add(key);
    return [];
  });
}
