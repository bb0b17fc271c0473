/** IPAddresses: one for each address that services have taken, named by it, pointing at who has it. */
import { type FieldError, invalidValue, pathSegmentName, required } from "@kubets/machinery";
import { canonicalIp } from "../address-forms.ts";
import { define } from "../define.ts";
import { checkForm, checkRequired, checkSubdomain, IMMUTABLE, sameValue } from "../field-checks.ts";
import { ipaddresses } from "../generated/refs.ts";
import type { IPAddress, ParentReference } from "../generated/types/networking-v1.ts";
import { age, column, nameColumn } from "../table.ts";

export const ipAddressResource = define(ipaddresses, {
  shortNames: ["ip"],
  validateName: (name) => canonicalIp(name),
  validate: ({ spec }) => parentErrors(spec.parentRef, "spec.parentRef"),
  validateUpdate: (address, old) => immutableErrors(address, old),
  table: {
    columns: [nameColumn, column("ParentRef")],
    // The age stands in the row without a column of its own: so it does in the original.
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      shownParent(spec.parentRef),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function parentErrors(parent: ParentReference | undefined, field: string): FieldError[] {
  if (!parent) return [required(field)];
  const { group, resource, name, namespace } = parent;
  return [
    ...(group ? checkSubdomain(`${field}.group`, group) : []),
    ...checkRequired(`${field}.resource`, resource, pathSegmentName),
    ...checkRequired(`${field}.name`, name, pathSegmentName),
    ...(namespace ? checkForm(`${field}.namespace`, namespace, pathSegmentName) : []),
  ];
}

function immutableErrors({ spec }: IPAddress, old: IPAddress): FieldError[] {
  if (sameValue(spec.parentRef, old.spec.parentRef)) return [];
  const { group = "", resource = "", namespace = "", name = "" } = spec.parentRef ?? {};
  const shown = spec.parentRef ? { Group: group, Resource: resource, Namespace: namespace, Name: name } : null;
  return [invalidValue("spec.parentRef", shown, IMMUTABLE)];
}

function shownParent(parent: ParentReference | undefined): string {
  if (!parent) return "<none>";
  const { group, resource = "", namespace, name = "" } = parent;
  const kind = (group ? `${resource}.${group}` : resource).toLowerCase();
  return [kind, ...(namespace ? [namespace] : []), name].join("/");
}
