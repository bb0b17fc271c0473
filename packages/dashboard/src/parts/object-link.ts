/** Leads to an object that another one names. What the server does not serve is only named. */
import { type ComponentChild, type ComponentChildren, h } from "preact";
import { objectAddress } from "../route.ts";
import { useCluster } from "./hooks.ts";

/** As references of all kinds have it. */
export interface Reference {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

interface ObjectLinkProps {
  readonly to: Reference;
  /** Of who names it, for references that say none. */
  readonly namespace?: string | undefined;
  /** The name where it is absent. */
  readonly children?: ComponentChildren;
}

export function ObjectLink({ to, namespace, children = to.name }: ObjectLinkProps): ComponentChild {
  const { kinds } = useCluster();
  const kind = kinds.of({ ...(to.apiVersion && { apiVersion: to.apiVersion }), ...(to.kind && { kind: to.kind }) });
  if (!kind || !to.name) return h("span", null, children);
  const within = (kind.namespaced && (to.namespace || namespace)) || "";
  return h("a", { href: objectAddress(kind, { namespace: within, name: to.name }) }, children);
}
