/** Which pods go from a node that is emptied, which stay, and about which somebody has to be asked. Pure. */
import type { KubeObject } from "../../server/object.ts";

export interface NodePod extends KubeObject {
  readonly spec?: { readonly volumes?: readonly { readonly name: string; readonly emptyDir?: unknown }[] };
  readonly status?: { readonly phase?: string };
}

export interface DrainPlan<T extends NodePod = NodePod> {
  /** Those that are asked about among them. */
  readonly going: readonly T[];
  readonly ofDaemonSets: readonly T[];
  /** Nothing makes these again. */
  readonly alone: readonly T[];
  /** What these keep in emptyDir volumes is lost. */
  readonly withData: readonly T[];
}

const MIRROR = "kubernetes.io/config.mirror";

export function drainPlan<T extends NodePod>(pods: readonly T[]): DrainPlan<T> {
  const made = pods.filter(({ metadata }) => !metadata.annotations?.[MIRROR]);
  // One that is over loses nothing by going.
  const isOver = ({ status }: T) => ["Succeeded", "Failed"].includes(status?.phase ?? "");
  const owner = ({ metadata }: T) => metadata.ownerReferences?.find(({ controller }) => controller)?.kind;
  const ofDaemonSets = made.filter((pod) => !isOver(pod) && owner(pod) === "DaemonSet");
  const going = made.filter((pod) => !ofDaemonSets.includes(pod));
  return {
    going,
    ofDaemonSets,
    alone: going.filter((pod) => !isOver(pod) && !owner(pod)),
    withData: going.filter((pod) => !isOver(pod) && pod.spec?.volumes?.some(({ emptyDir }) => emptyDir)),
  };
}
