/**
 * Tells kubelets how long they may keep Secrets and ConfigMaps, by an annotation of their nodes: the longer, the more nodes there are.
 * Holds: it takes fewer nodes to go back than it took to go on, so that a cluster at a boundary does not swing.
 */
import { nodes } from "@kubets/api/generated/refs";
import { type Controller, on } from "@kubets/client";
import { unlessGone } from "../error-text.ts";

const ANNOTATION = "node.alpha.kubernetes.io/ttl";
const STEPS = [
  { min: 0, max: 100, seconds: 0 },
  { min: 90, max: 500, seconds: 15 },
  { min: 450, max: 1000, seconds: 30 },
  { min: 900, max: 2000, seconds: 60 },
  { min: 1800, max: Number.POSITIVE_INFINITY, seconds: 300 },
] as const;

/** The step for so many nodes, coming from this one. */
function stepFor(count: number, from: number): number {
  let step = from;
  while (count > (STEPS[step]?.max ?? 0)) step++;
  while (count < (STEPS[step]?.min ?? 0)) step--;
  return step;
}

export function nodeTtl(): Controller {
  let step = 0;
  return {
    name: "ttl",
    watches: [on(nodes)],
    start: ({ cache }) => {
      step = stepFor(cache.list(nodes).length, step);
    },
    async reconcile(name, { cache, client }) {
      step = stepFor(cache.list(nodes).length, step);
      const node = cache.get(nodes, name);
      const seconds = String(STEPS[step]?.seconds ?? 0);
      if (!node || node.metadata.annotations?.[ANNOTATION] === seconds) return;
      await unlessGone(
        client.patch(
          nodes,
          { name },
          { type: "strategic", body: { metadata: { annotations: { [ANNOTATION]: seconds } } } },
        ),
      );
    },
  };
}
