/** Kinds by resource and group: `pods`, `deployments.apps`. */
import type { KindName } from "../route.ts";

export const isOneOf = ({ resource, group }: Pick<KindName, "resource" | "group">, names: readonly string[]): boolean =>
  names.includes([resource, group].filter(Boolean).join("."));
