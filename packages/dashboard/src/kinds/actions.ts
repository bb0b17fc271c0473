/** What can be done with an object besides changing its YAML and deleting it. */
import type { ComponentType } from "preact";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";
import { approve, deny } from "./actions/approve.ts";
import { cordon, uncordon } from "./actions/cordon.ts";
import { debug } from "./actions/debug.ts";
import { drain } from "./actions/drain.ts";
import { evict } from "./actions/evict.ts";
import { rollBack } from "./actions/roll-back.ts";
import { pause, restart, resume } from "./actions/rollout.ts";
import { runNow } from "./actions/run-now.ts";
import { scale } from "./actions/scale.ts";
import { suspend, unsuspend } from "./actions/suspend.ts";

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

const ACTIONS: readonly Action[] = [
  scale,
  restart,
  rollBack,
  pause,
  resume,
  runNow,
  suspend,
  unsuspend,
  debug,
  evict,
  cordon,
  uncordon,
  drain,
  approve,
  deny,
];

export const actionsOf = (kind: Kind, object: KubeObject): Action[] =>
  ACTIONS.filter(({ appliesTo }) => appliesTo(kind, object));
