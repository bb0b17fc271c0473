/** ServiceCIDRs: the ranges that services get their addresses from, one for each family. A range, once given, stays. */
import { type FieldError, invalidValue, parseCidr, required } from "@kubets/machinery";
import { canonicalCidr } from "../address-forms.ts";
import { define } from "../define.ts";
import { checkForm, checkImmutable, IMMUTABLE } from "../field-checks.ts";
import { servicecidrs } from "../generated/refs.ts";
import type { ServiceCIDR } from "../generated/types/networking-v1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";

const FIELD = "spec.cidrs";
const ONE_A_FAMILY = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";

export const serviceCidrResource = define(servicecidrs, {
  ...ownStatus,
  validate,
  validateUpdate,
  subresources: { status: statusSubresource() },
  table: {
    columns: [nameColumn, column("CIDRs"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      (spec.cidrs ?? []).join(","),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ spec }: ServiceCIDR): FieldError[] {
  const { cidrs = [] } = spec;
  if (!cidrs.length) return [required(FIELD, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalidValue(FIELD, cidrs, "may only hold up to 2 values")];
  if (cidrs.length === 2) {
    const [first, second] = cidrs.map((cidr) => parseCidr(cidr)?.family);
    if (!first || !second || first === second) return [invalidValue(FIELD, cidrs, ONE_A_FAMILY)];
  }
  return cidrs.flatMap((cidr, i) => checkForm(`${FIELD}[${i}]`, cidr, canonicalCidr));
}

/** A second family may be added; nothing else changes. */
function validateUpdate(serviceCidr: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const { cidrs = [] } = serviceCidr.spec;
  const { cidrs: before = [] } = old.spec;
  if (cidrs.length < before.length) return [invalidValue(FIELD, serviceCidr.spec.cidrs ?? null, IMMUTABLE)];
  return [
    ...before.flatMap((cidr, i) => checkImmutable(`${FIELD}[${i}]`, cidrs[i], cidr)),
    ...(cidrs.length > before.length ? validate(serviceCidr) : []),
  ];
}
