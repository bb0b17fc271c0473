/**
 * Prefers nodes that hold the pod's images already. An image counts by its size and by the part of the nodes that hold it, so that one
 * node with it does not draw all pods.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { stateKey } from "../../framework/cycle-state.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { MAX_SCORE } from "../../framework/scoring.ts";

const NAME = "ImageLocality";
const MB = 1024 * 1024;
/** Below this sum nothing is gained. */
const MIN_SIZE = 23 * MB;
/** For each container; above it nothing more is gained. */
const MAX_SIZE = 1000 * MB;

interface Wanted {
  readonly images: readonly string[];
  readonly containers: number;
  readonly nodes: number;
}

const WANTED = stateKey<Wanted>(NAME);

export const imageLocality: Plugin = {
  name: NAME,
  preScore(pod, _, snapshot, state) {
    const images = imagesOf(pod);
    const known = images.filter((image) => snapshot.hasImage(image));
    if (known.length === 0) return "skip";
    state.set(WANTED, { images: known, containers: images.length, nodes: snapshot.nodes.length });
    return undefined;
  },
  score(_, node, state) {
    const { images, containers, nodes } = state.get(WANTED) as Wanted;
    let sum = 0;
    for (const image of images) {
      const held = node.images.get(image);
      if (held) sum += Math.trunc(held.size * (held.nodes / nodes));
    }
    return priority(sum, containers);
  },
};

export function priority(sum: number, containers: number): number {
  const max = MAX_SIZE * containers;
  const bounded = Math.min(Math.max(sum, MIN_SIZE), max);
  return Math.trunc((MAX_SCORE * (bounded - MIN_SIZE)) / (max - MIN_SIZE));
}

const imagesOf = ({ spec }: Pod): string[] =>
  [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => withTag(image ?? ""));

/** Nodes tell images with their tags. */
export const withTag = (image: string): string =>
  image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;
