/** What can be done with an object besides changing its YAML and deleting it. */
import type { ComponentType } from "preact";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";

export interface ActionDialog {
  readonly kind: Kind;
  readonly object: KubeObject;
  close(): void;
}

export interface Action {
  /** Of the button. */
  readonly title: string;
  /** Asks what must be asked, then does it. */
  readonly dialog: ComponentType<ActionDialog>;
  appliesTo(kind: Kind, object: KubeObject): boolean;
}

const ACTIONS: readonly Action[] = [];

export const actionsOf = (kind: Kind, object: KubeObject): Action[] =>
  ACTIONS.filter(({ appliesTo }) => appliesTo(kind, object));
