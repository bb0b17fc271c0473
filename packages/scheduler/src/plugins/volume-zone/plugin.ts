/** A bound volume that is labelled with a zone or region (as in-tree cloud volumes are) keeps its pod there. */
import { persistentvolumeclaims, persistentvolumes } from "@kubets/api/generated/refs";
import { claimKeys } from "../../framework/claim-index.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";

const NAME = "VolumeZone";
const OTHER_ZONE = { plugin: NAME, reasons: ["node(s) had no available volume zone"], lasting: true };
const KEYS = [
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
];
/** Between the zones of a volume that is in several. */
const SEPARATOR = "__";

interface Demand {
  readonly key: string;
  readonly values: ReadonlySet<string>;
}

const DEMANDS = stateKey<readonly Demand[]>(NAME);

export const volumeZone: PluginFactory = ({ cache }) => ({
  name: NAME,
  hints: [{ events: ["pvc/add", "pvc/update", "pv/add", "pv/update", "storageclass/add", "node/add", "node/labels"] }],
  preFilter(pod, _, state) {
    if (!pod.spec.volumes) return { skip: true };
    const demands = claimKeys(pod).flatMap((key) => {
      const volume = cache.get(persistentvolumes, cache.get(persistentvolumeclaims, key)?.spec.volumeName ?? "");
      const labels = volume?.metadata.labels ?? {};
      return KEYS.filter((label) => labels[label] !== undefined).map((label) => ({
        key: label,
        values: new Set(labels[label]?.split(SEPARATOR)),
      }));
    });
    if (demands.length === 0) return { skip: true };
    state.set(DEMANDS, demands);
    return undefined;
  },
  filter(_, { node }, state) {
    const labels = node.metadata.labels ?? {};
    const meets = ({ key, values }: Demand) => values.has(labels[key] ?? labels[otherName(key)] ?? "");
    // A node that says nothing of zones is where zones do not matter.
    if (!KEYS.some((key) => labels[key] !== undefined)) return undefined;
    return (state.get(DEMANDS) ?? []).every(meets) ? undefined : OTHER_ZONE;
  },
});

/** The present name of an old label, and the other way round. */
const otherName = (key: string): string =>
  key.startsWith("topology.")
    ? key.replace("topology.", "failure-domain.beta.")
    : key.replace("failure-domain.beta.", "topology.");
