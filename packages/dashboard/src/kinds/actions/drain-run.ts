/**
 * Empties a node: closes it, evicts its pods, and waits until they are gone. What a disruption budget holds back is asked for again.
 * Holds: nothing is evicted where there is a pod that was not agreed to; what is aborted goes no further.
 */
import { PODS } from "../../kind-names.ts";
import { patchObject } from "../../server/change.ts";
import { evictPod } from "../../server/evict.ts";
import { asFailure, Failure } from "../../server/failure.ts";
import { follow } from "../../server/follow.ts";
import { asObjects } from "../../server/forms.ts";
import { type Kind, pathOf } from "../../server/kinds.ts";
import type { KubeObject } from "../../server/object.ts";
import { queryText, type Server } from "../../server/server.ts";
import { type DrainPlan, drainPlan, type NodePod } from "./drain-plan.ts";

export interface Agreed {
  readonly alone: boolean;
  readonly withData: boolean;
}

interface Drain {
  readonly server: Server;
  readonly kind: Kind;
  readonly node: KubeObject;
  readonly agreed: Agreed;
  readonly signal: AbortSignal;
  /** How it stands with a pod, by its uid. */
  tell(uid: string, state: string): void;
}

const TRY_AGAIN_MS = 5000;
const TOO_MANY_REQUESTS = 429;
const NOT_FOUND = 404;

/** The question for the pods of a node. */
export const podsOn = (node: string) => ({ path: pathOf(PODS), fieldSelector: `spec.nodeName=${node}` });

/** Answers how many pods went. */
export async function drainNode({ server, kind, node, agreed, signal, tell }: Drain): Promise<number> {
  await patchObject(server, kind, node, { type: "merge", patch: { spec: { unschedulable: true } } });
  const { path, fieldSelector } = podsOn(node.metadata.name ?? "");
  const { items = [] } = await server.json<{ readonly items?: readonly NodePod[] }>(
    `${path}${queryText({ fieldSelector })}`,
    { signal },
  );
  const plan = drainPlan(items);
  const why = refusalOf(plan, agreed);
  if (why) throw new Failure(why);
  for (const { metadata } of plan.going) tell(metadata.uid ?? "", "is to go");
  await Promise.all([...plan.going.map(evict), gone(new Set(plan.going.map(({ metadata }) => metadata.uid ?? "")))]);
  return plan.going.length;

  async function evict(pod: NodePod): Promise<void> {
    const uid = pod.metadata.uid ?? "";
    for (;;) {
      signal.throwIfAborted();
      try {
        await evictPod(server, pod, signal);
        return tell(uid, "goes");
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = asFailure(error);
        if (code === NOT_FOUND) return tell(uid, "is gone");
        if (code !== TOO_MANY_REQUESTS) {
          tell(uid, message);
          throw error;
        }
        tell(uid, `held back, tried again: ${message}`);
        await wait(TRY_AGAIN_MS, signal);
      }
    }
  }

  function gone(uids: Set<string>): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
      const stop = follow(server, { path, fieldSelector }, asObjects(), ({ items: left, phase }) => {
        if (phase !== "live") return;
        const there = new Set(left.map(({ metadata }) => metadata.uid));
        for (const uid of uids)
          if (!there.has(uid)) {
            uids.delete(uid);
            tell(uid, "is gone");
          }
        if (uids.size === 0) end(resolve);
      });
      function end(how: () => void) {
        stop();
        how();
      }
    });
  }
}

/** Why it must not begin, or undefined. */
export function refusalOf({ alone, withData }: DrainPlan, agreed: Agreed): string | undefined {
  const names = (pods: readonly NodePod[]) => pods.map(({ metadata: m }) => `${m.namespace}/${m.name}`).join(", ");
  if (alone.length > 0 && !agreed.alone) return `Nothing would make these pods again: ${names(alone)}`;
  if (withData.length > 0 && !agreed.withData) return `These pods would lose what they keep: ${names(withData)}`;
  return undefined;
}

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
