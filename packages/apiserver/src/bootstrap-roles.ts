/**
 * The roles and bindings of a fresh server, put in order at each start: what is missing is made, a role that lost a rule gets it back, a binding that
 * lost a subject too, and one that leads to another role is made anew. What was added stays; who says that they are left alone are.
 */
import { namespacedRoleBindings, namespacedRoles, rolesWith } from "@kubets/api/bootstrap/index";
import * as refs from "@kubets/api/generated/refs";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from "@kubets/api/generated/types/rbac-v1";
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client/client";
import { deepEqual, isReason } from "@kubets/machinery";
import type { ClusterView } from "./admission/plugin.ts";
import { notCovered } from "./authz/rbac/coverage.ts";

const LEFT_ALONE = "rbac.authorization.kubernetes.io/autoupdate";

type AnyRole = Role | ClusterRole;
type AnyBinding = RoleBinding | ClusterRoleBinding;

/** What a role must be changed to; undefined when it is in order. */
function reconciledRole<T extends AnyRole>(found: T, wanted: Input<AnyRole>): T | undefined {
  if (isLeftAlone(found)) return undefined;
  const metadata = reconciledMetadata(found, wanted);
  const { aggregationRule: rule } = found as ClusterRole;
  const selectors = rule?.clusterRoleSelectors ?? [];
  const expected = (wanted as Input<ClusterRole>).aggregationRule?.clusterRoleSelectors ?? [];
  const missing = notCovered(found.rules ?? [], (wanted.rules ?? []) as readonly PolicyRule[]);
  const unselected = expected.filter((one) => !selectors.some((each) => deepEqual(each, one)));
  if (metadata === found.metadata && missing.length === 0 && unselected.length === 0) return undefined;
  return {
    ...found,
    metadata,
    ...(missing.length && { rules: [...(found.rules ?? []), ...missing] }),
    ...(unselected.length && { aggregationRule: { clusterRoleSelectors: [...selectors, ...unselected] } }),
  };
}

/** The same of a binding; "another role" when it must be made anew, since where it leads cannot be changed. */
function reconciledBinding<T extends AnyBinding>(found: T, wanted: Input<AnyBinding>): T | "another role" | undefined {
  if (isLeftAlone(found)) return undefined;
  if (!deepEqual(found.roleRef, { apiGroup: "rbac.authorization.k8s.io", ...wanted.roleRef })) return "another role";
  const metadata = reconciledMetadata(found, wanted);
  const subjects = found.subjects ?? [];
  const expected = (wanted.subjects ?? []) as readonly Subject[];
  const missing = expected.filter((one) => !subjects.some((each) => isSame(each, one)));
  if (metadata === found.metadata && missing.length === 0) return undefined;
  return { ...found, metadata, subjects: [...subjects, ...missing] };
}

const isLeftAlone = ({ metadata }: KubeObject): boolean => metadata.annotations?.[LEFT_ALONE] === "false";

const isSame = (a: Subject, b: Subject): boolean =>
  a.kind === b.kind && a.name === b.name && (a.namespace ?? "") === (b.namespace ?? "");

/** The same object when all labels and annotations are there. */
function reconciledMetadata<T extends KubeObject>(
  { metadata }: T,
  wanted: { readonly metadata?: unknown },
): T["metadata"] {
  const { labels = {}, annotations = {} } = (wanted.metadata ?? {}) as Readonly<Record<string, Record<string, string>>>;
  const lacks = (held: Readonly<Record<string, string>> = {}, expected: Record<string, string>) =>
    Object.keys(expected).some((key) => !(key in held));
  if (!lacks(metadata.labels, labels) && !lacks(metadata.annotations, annotations)) return metadata;
  return {
    ...metadata,
    labels: { ...labels, ...metadata.labels },
    annotations: { ...annotations, ...metadata.annotations },
  };
}

export async function reconcileRoles(
  client: Client,
  view: ClusterView,
  isEnabled: (feature: string) => boolean,
): Promise<void> {
  const wantedOfCluster = rolesWith(isEnabled);
  const roles = async <T extends AnyRole>(ref: ResourceRef<T>, all: readonly Input<AnyRole>[]) => {
    await Promise.all(all.map((wanted) => settle(client, view, ref, wanted, (found) => reconciledRole(found, wanted))));
  };
  const bindings = async <T extends AnyBinding>(ref: ResourceRef<T>, all: readonly Input<AnyBinding>[]) => {
    await Promise.all(
      all.map((wanted) => settle(client, view, ref, wanted, (found) => reconciledBinding(found, wanted))),
    );
  };
  await roles(refs.clusterroles, wantedOfCluster.roles);
  await roles(refs.roles, namespacedRoles);
  await bindings(refs.clusterrolebindings, wantedOfCluster.bindings);
  await bindings(refs.rolebindings, namespacedRoleBindings);
}

async function settle<T extends KubeObject>(
  client: Client,
  view: ClusterView,
  ref: ResourceRef<T>,
  wanted: { readonly metadata?: { readonly name?: string; readonly namespace?: string } },
  reconciled: (found: T) => T | "another role" | undefined,
): Promise<void> {
  const { name = "", namespace = "" } = wanted.metadata ?? {};
  if (view.isUnreadable(ref, namespace, name)) return;
  const found = view.get(ref, namespace, name);
  const next = found && reconciled(found);
  if (found && !next) return;
  const key = { name, ...(namespace && { namespace }) };
  try {
    if (next === "another role") await client.delete(ref, key);
    if (!next || next === "another role") await client.create(ref, wanted as Input<T>);
    else await client.update(ref, next as unknown as Input<T>);
  } catch (error) {
    // Another server that starts on the same storage was faster.
    if (!isReason(error, "AlreadyExists") && !isReason(error, "Conflict") && !isReason(error, "NotFound")) throw error;
  }
}
