/** A claim that one pod alone may use (ReadWriteOncePod) keeps a second one off until the first is gone, or makes room for it. */
import { persistentvolumeclaims } from "@kubets/api/generated/refs";
import { claimKeys } from "../../framework/claim-index.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";

const NAME = "VolumeRestrictions";
const IN_USE = {
  plugin: NAME,
  reasons: ["node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"],
};

interface State {
  readonly claims: ReadonlySet<string>;
  /** Pods that use one of them; fewer in a trial without some. */
  users: number;
}

const STATE = stateKey<State>(NAME);

export const volumeRestrictions: PluginFactory = ({ cache }) => ({
  name: NAME,
  hints: [{ events: ["pod/bound-delete", "pvc/add", "pvc/update", "node/add", "pod/self"] }],
  preFilter(pod, snapshot, state) {
    if (!pod.spec.volumes) return { skip: true };
    const alone = (key: string) =>
      cache.get(persistentvolumeclaims, key)?.spec.accessModes?.includes("ReadWriteOncePod") ?? false;
    const claims = new Set(claimKeys(pod).filter(alone));
    if (claims.size === 0) return { skip: true };
    let users = 0;
    for (const key of claims) users += snapshot.podsOfClaim(key)?.size ?? 0;
    state.set(STATE, { claims, users });
    return undefined;
  },
  filter: (_, __, state) => ((state.get(STATE)?.users ?? 0) > 0 ? IN_USE : undefined),
  addPod: (_, { pod }, __, state) => count(state.get(STATE), claimKeys(pod), 1),
  removePod: (_, { pod }, __, state) => count(state.get(STATE), claimKeys(pod), -1),
});

function count(state: State | undefined, keys: readonly string[], sign: 1 | -1): void {
  if (state) state.users += sign * keys.filter((key) => state.claims.has(key)).length;
}
