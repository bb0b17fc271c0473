/** What the summary of a kind shows besides what all objects have. */
import type { ComponentType } from "preact";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";

export interface PanelView {
  readonly kind: Kind;
  readonly object: KubeObject;
}

export type Panel = ComponentType<PanelView>;

/** By resource and group: `pods`, `deployments.apps`. */
const PANELS: Readonly<Record<string, readonly Panel[]>> = {};

export const panelsOf = ({ resource, group }: Kind): readonly Panel[] =>
  PANELS[[resource, group].filter(Boolean).join(".")] ?? [];
