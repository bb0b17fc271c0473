/**
 * A pod goes where its volumes can be: bound ones decide by their node affinity, and a claim that waits for its first consumer gets a
 * volume that fits the node, or one made for it, before the pod is bound. Among nodes that have such volumes, those with the most room may
 * be preferred.
 */
import { persistentvolumes } from "@kubets/api/generated/refs";
import { ConfigError } from "@kubets/machinery/config-file";
import { stateKey } from "../../framework/cycle-state.ts";
import { type PluginFactory, shared } from "../../framework/handle.ts";
import type { Plugin } from "../../framework/plugin.ts";
import type { ShapePoint } from "../../framework/shape.ts";
import { bindVolumes } from "./bind-volumes.ts";
import { type Choice, reaches, VolumeChooser } from "./choose-volume.ts";
import { claimsOf, type PodClaims } from "./claims.ts";
import { roomScorer } from "./room-score.ts";

const NAME = "VolumeBinding";
const DEFAULT_TIMEOUT_S = 600;

const lasting = (reason: string) => ({ plugin: NAME, reasons: [reason], lasting: true });
const NO_VOLUME = lasting("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
const ELSEWHERE = lasting("node(s) had volume node affinity conflict");

const CLAIMS = stateKey<PodClaims>(NAME);
const CHOICES = stateKey<readonly Choice[]>(`${NAME}/choices`);

const chooserOf = shared((handle) => new VolumeChooser(handle));
const LACKS = {
  "no volume": lasting("node(s) didn't find available persistent volumes to bind"),
  "no room": lasting("node(s) did not have enough free storage"),
};

export interface VolumeBindingArgs {
  readonly bindTimeoutSeconds?: number;
  /** How good a node is by the use of its storage (StorageCapacityScoring). */
  readonly shape?: readonly ShapePoint[];
}

export const volumeBinding: PluginFactory = (handle, args) => {
  const { cache, metrics } = handle;
  const chooser = chooserOf(handle);
  const { bindTimeoutSeconds = DEFAULT_TIMEOUT_S, shape } = args as VolumeBindingArgs;
  const isScored = handle.featureGates.enabled("StorageCapacityScoring");
  if (shape && !isScored)
    throw new ConfigError(`${NAME}: shape is nothing without the feature gate StorageCapacityScoring: open it`);
  const counted = <T>(operation: "predicate" | "assume", work: () => T): T => {
    try {
      return work();
    } catch (error) {
      metrics.volumesFailed(operation);
      throw error;
    }
  };
  return {
    name: NAME,
    hints: [
      { events: ["pvc/add", "pvc/update", "pv/add", "pv/update", "storageclass/add", "storageclass/update"] },
      { events: ["csidriver/add", "csidriver/update", "csistoragecapacity/add", "csistoragecapacity/update"] },
      { events: ["csinode/add", "csinode/update", "node/add", "node/labels", "pod/bound-delete"] },
    ],
    preFilter(pod, _, state) {
      const claims = claimsOf(pod, cache);
      if (claims === undefined) return { skip: true };
      if (typeof claims === "string") return { refusal: lasting(claims) };
      state.set(CLAIMS, claims);
      return undefined;
    },
    filter(_, { node }, state) {
      const { bound, waiting } = state.get(CLAIMS) as PodClaims;
      for (const { spec } of bound) {
        const volume = cache.get(persistentvolumes, spec.volumeName ?? "");
        if (!volume) return NO_VOLUME;
        if (!reaches(volume, node)) return ELSEWHERE;
      }
      if (waiting.length === 0) return undefined;
      const choices = counted("predicate", () => chooser.choose(waiting, node));
      return typeof choices === "string" ? LACKS[choices] : undefined;
    },
    ...(isScored && scoring(chooser, shape)),
    reserve(_, name, state) {
      const { waiting = [] } = state.get(CLAIMS) ?? {};
      if (waiting.length === 0) return undefined;
      const node = handle.cluster.node(name);
      metrics.volumes("assume");
      const choices = node ? counted("assume", () => chooser.choose(waiting, node.node)) : "no volume";
      if (typeof choices === "string") return LACKS[choices];
      state.set(CHOICES, choices);
      chooser.hold(choices);
      return undefined;
    },
    unreserve: (_, __, state) => chooser.release(state.get(CHOICES) ?? []),
    preBindPreFlight: (_, __, state) => (state.get(CHOICES) ?? []).length > 0,
    preBind(_pod, node, state, signal) {
      const choices = state.get(CHOICES) ?? [];
      if (choices.length === 0) return undefined;
      metrics.volumes("bind");
      return bindVolumes(handle, choices, node, bindTimeoutSeconds * 1000, signal).catch((error: unknown) => {
        metrics.volumesFailed("bind");
        throw error;
      });
    },
    postBind: () => chooser.forgetBound(),
  };
};

function scoring(chooser: VolumeChooser, shape: readonly ShapePoint[] | undefined): Pick<Plugin, "preScore" | "score"> {
  const scoreOf = roomScorer(shape);
  return {
    preScore: (_pod, _nodes, _snapshot, state) => (state.get(CLAIMS)?.waiting.length ? undefined : "skip"),
    score(_, { node }, state) {
      const choices = chooser.choose(state.get(CLAIMS)?.waiting ?? [], node);
      return typeof choices === "string" ? 0 : scoreOf(choices);
    },
  };
}
