/** The checks of what a custom kind is called, and in which group and scope it lives. */
import { dns1035Label, dns1123Subdomain, type FieldError, invalidValue, required } from "@kubets/machinery";
import { checkOneOf } from "../field-checks.ts";
import type {
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from "../generated/types/apiextensions-v1.ts";

export function nameErrors({ group, scope, names }: CustomResourceDefinitionSpec): FieldError[] {
  const missing = (["plural", "singular", "kind", "listKind"] as const)
    .filter((name) => !names?.[name])
    .map((name) => required(`spec.names.${name}`));
  return [
    ...groupErrors(group),
    ...(scope ? checkOneOf("spec.scope", scope, ["Cluster", "Namespaced"]) : [required("spec.scope")]),
    ...missing,
    ...formErrors(names, "spec.names"),
  ];
}

export const acceptedNameErrors = (names: CustomResourceDefinitionNames): FieldError[] =>
  formErrors(names, "status.acceptedNames");

function groupErrors(group: string): FieldError[] {
  if (!group) return [required("spec.group")];
  const texts = dns1123Subdomain(group);
  if (texts.length) return [invalidValue("spec.group", group, texts.join(","))];
  return group.includes(".") ? [] : [invalidValue("spec.group", group, "should be a domain with at least one dot")];
}

function formErrors(names: CustomResourceDefinitionNames, field: string): FieldError[] {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names;
  const errors = [...labelErrors(plural, `${field}.plural`), ...labelErrors(singular, `${field}.singular`)];
  errors.push(...kindErrors(kind, `${field}.kind`), ...kindErrors(listKind, `${field}.listKind`));
  errors.push(...shortNames.flatMap((name, i) => labelErrors(name, `${field}.shortNames[${i}]`)));
  if (kind && kind === listKind)
    errors.push(invalidValue(`${field}.listKind`, listKind, "kind and listKind may not be the same"));
  return [...errors, ...categories.flatMap((name, i) => labelErrors(name, `${field}.categories[${i}]`))];
}

function labelErrors(name: string | undefined, field: string): FieldError[] {
  const texts = name ? dns1035Label(name) : [];
  return texts.length ? [invalidValue(field, name, texts.join(","))] : [];
}

function kindErrors(kind: string | undefined, field: string): FieldError[] {
  const texts = kind ? dns1035Label(kind.toLowerCase()) : [];
  const detail = `may have mixed case, but should otherwise match: ${texts.join(",")}`;
  return texts.length ? [invalidValue(field, kind, detail)] : [];
}
