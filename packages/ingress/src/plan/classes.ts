/** Which ingresses are ours: by their class, by the old annotation, or, by option, because they name none. */
import type { Ingress, IngressClass } from "@kubets/api/generated/types/networking-v1";

const OLD_ANNOTATION = "kubernetes.io/ingress.class";

export interface ClassOptions {
  /** As in `spec.controller` of a class. */
  readonly controller: string;
  /** What the old annotation may say, and a class name without a class. */
  readonly name: string;
  /** Takes those that name no class. */
  readonly takesUnnamed: boolean;
}

export function isOurs(
  ingress: Ingress,
  classOf: (name: string) => IngressClass | undefined,
  { controller, name, takesUnnamed }: ClassOptions,
): boolean {
  const old = ingress.metadata.annotations?.[OLD_ANNOTATION];
  const named = ingress.spec.ingressClassName ?? old;
  if (!named) return takesUnnamed;
  const found = classOf(named);
  return found ? found.spec.controller === controller : named === name;
}
