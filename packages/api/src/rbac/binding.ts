/** What RoleBindings and ClusterRoleBindings share: whom they bind, to which role, and that the role stays. */
import { type FieldError, invalidValue, notSupported, pathSegmentName, required } from "@kubets/machinery";
import { checkOneOf, checkRequired, checkSubdomain, sameValue } from "../field-checks.ts";
import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from "../generated/types/rbac-v1.ts";
import type { Draft } from "../meta.ts";
import type { Table } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";

const GROUP = "rbac.authorization.k8s.io";

type Binding = RoleBinding | ClusterRoleBinding;

export function bindingDefaults(binding: Draft<Binding>): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= GROUP;
  for (const subject of binding.subjects ?? [])
    if (!subject.apiGroup && (subject.kind === "User" || subject.kind === "Group")) subject.apiGroup = GROUP;
}

/** Bindings of a namespace may name roles of both kinds, and leave out a service account's namespace, though none is then bound. */
export function bindingErrors({ roleRef, subjects = [] }: Binding, namespaced: boolean): FieldError[] {
  const kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  return [
    ...checkOneOf("roleRef.apiGroup", roleRef.apiGroup ?? "", [GROUP]),
    ...checkOneOf("roleRef.kind", roleRef.kind, kinds),
    ...checkRequired("roleRef.name", roleRef.name, pathSegmentName),
    ...subjects.flatMap((subject, i) => subjectErrors(subject, namespaced, `subjects[${i}]`)),
  ];
}

function subjectErrors(subject: Subject, namespaced: boolean, field: string): FieldError[] {
  const { kind, apiGroup = "", name, namespace } = subject;
  const errors: FieldError[] = name ? [] : [required(`${field}.name`)];
  switch (kind) {
    case "ServiceAccount":
      if (name) errors.push(...checkSubdomain(`${field}.name`, name));
      errors.push(...checkOneOf(`${field}.apiGroup`, apiGroup, [""]));
      if (!namespaced && !namespace) errors.push(required(`${field}.namespace`));
      break;
    case "User":
    case "Group":
      errors.push(...checkOneOf(`${field}.apiGroup`, apiGroup, [GROUP]));
      break;
    default:
      errors.push(notSupported(`${field}.kind`, kind, ["ServiceAccount", "User", "Group"]));
  }
  return errors;
}

export function roleRefErrors({ roleRef }: Binding, old: Binding): FieldError[] {
  return sameValue(roleRef, old.roleRef) ? [] : [invalidValue("roleRef", shownRef(roleRef), "cannot change roleRef")];
}

const shownRef = ({ apiGroup, kind, name }: RoleRef) => ({ APIGroup: apiGroup, Kind: kind, Name: name });

export const bindingTable: Table<Binding> = {
  columns: [nameColumn, column("Role"), column("Age"), wide("Users"), wide("Groups"), wide("ServiceAccounts")],
  cells: ({ metadata, roleRef, subjects = [] }, now) => {
    const named = (kind: string) => subjects.filter((subject) => subject.kind === kind);
    const accounts = named("ServiceAccount").map(({ namespace = "", name }) => `${namespace}/${name}`);
    return [
      metadata.name,
      `${roleRef.kind}/${roleRef.name}`,
      age(metadata.creationTimestamp, now),
      namesOf(named("User")),
      namesOf(named("Group")),
      accounts.join(", "),
    ];
  },
};

const namesOf = (subjects: readonly Subject[]) => subjects.map(({ name }) => name).join(", ");
