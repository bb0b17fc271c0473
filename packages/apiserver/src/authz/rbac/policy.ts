/**
 * All roles and bindings, indexed by who they are for, so that a question looks at the asker's own bindings only. Kept in step with the server's
 * caches, change by change.
 */
import { clusterrolebindings, clusterroles, rolebindings, roles } from "@kubets/api/generated/refs";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from "@kubets/api/generated/types/rbac-v1";
import type { User } from "../../authn/authenticator.ts";
import type { ServedResources } from "../../served-resource.ts";
import { follow } from "../../store/follow.ts";
import { compileRules, type RuleCheck } from "./rule.ts";

/** A role as it was given to a subject. */
export interface Grant {
  readonly binding: string;
  /** "" for one of the whole cluster. */
  readonly namespace: string;
  readonly role: RoleRef;
  readonly subject: Subject;
}

interface CompiledRole {
  readonly rules: readonly PolicyRule[];
  readonly check: RuleCheck;
}

export class RbacPolicy {
  /** By "name" for cluster roles, "namespace/name" for roles. */
  readonly #roles = new Map<string, CompiledRole>();
  /** By "namespace\0subject"; the namespace is empty for cluster role bindings. */
  readonly #grants = new Map<string, Grant[]>();

  constructor(served: ServedResources) {
    follow(served, clusterroles, (key, role) => this.#setRole(key, role));
    follow(served, roles, (key, role) => this.#setRole(key, role));
    follow(served, clusterrolebindings, (_key, now, old) => this.#setBinding("", now, old));
    follow(served, rolebindings, (_key, now, old) =>
      this.#setBinding((now ?? old)?.metadata.namespace ?? "", now, old),
    );
  }

  /** What the user was given in the whole cluster and, if one is named, in a namespace. */
  *grantsOf(user: User, namespace: string): Generator<Grant> {
    for (const scope of namespace ? ["", namespace] : [""])
      for (const subject of subjectKeys(user)) yield* this.#grants.get(`${scope}\0${subject}`) ?? [];
  }

  roleOf({ role, namespace }: Pick<Grant, "role" | "namespace">): CompiledRole | undefined {
    return this.#roles.get(role.kind === "ClusterRole" ? role.name : `${namespace}/${role.name}`);
  }

  #setRole(key: string, role: Role | ClusterRole | undefined): void {
    if (role) this.#roles.set(key, { rules: role.rules ?? [], check: compileRules(role.rules ?? []) });
    else this.#roles.delete(key);
  }

  #setBinding(
    namespace: string,
    now: RoleBinding | ClusterRoleBinding | undefined,
    old: RoleBinding | ClusterRoleBinding | undefined,
  ): void {
    for (const subject of old?.subjects ?? []) {
      const key = `${namespace}\0${subjectKey(subject, namespace)}`;
      const left = this.#grants.get(key)?.filter((grant) => grant.binding !== old?.metadata.name);
      if (left?.length) this.#grants.set(key, left);
      else this.#grants.delete(key);
    }
    for (const subject of now?.subjects ?? []) {
      const key = `${namespace}\0${subjectKey(subject, namespace)}`;
      const grant: Grant = {
        binding: now?.metadata.name ?? "",
        namespace,
        role: (now as RoleBinding).roleRef,
        subject,
      };
      const grants = this.#grants.get(key);
      if (grants) grants.push(grant);
      else this.#grants.set(key, [grant]);
    }
  }
}

function subjectKey({ kind, name, namespace }: Subject, own: string): string {
  if (kind === "ServiceAccount") return `User:system:serviceaccount:${namespace || own}:${name}`;
  return `${kind}:${name}`;
}

function* subjectKeys({ name, groups }: User): Generator<string> {
  yield `User:${name}`;
  for (const group of groups) yield `Group:${group}`;
}
