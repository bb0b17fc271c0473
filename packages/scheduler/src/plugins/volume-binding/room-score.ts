/** How good a node would be by the storage that its volumes come from: the mean over storage classes of what a shape says of their use. */
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { parseQuantity } from "@kubets/machinery/quantity";
import { type ShapePoint, scoreByShape } from "../../framework/shape.ts";
import type { Choice } from "./choose-volume.ts";

/** The more room is left, the better: volumes may be made larger later. */
const MOST_ROOM: readonly ShapePoint[] = [
  { utilization: 0, score: 10 },
  { utilization: 100, score: 0 },
];

interface Use {
  readonly requested: number;
  readonly capacity: number;
}

export function roomScorer(shape: readonly ShapePoint[] = MOST_ROOM): (choices: readonly Choice[]) => number {
  const scoreAt = scoreByShape(shape);
  return (choices) => {
    const uses = [...usesByClass(choices).values()];
    if (uses.length === 0) return 0;
    const scores = uses.map(({ requested, capacity }) =>
      scoreAt(capacity === 0 || requested > capacity ? 100 : Math.trunc((requested * 100) / capacity)),
    );
    return Math.round(scores.reduce((sum, score) => sum + score, 0) / scores.length);
  };
}

/** Where volumes are found, they alone count; else those to be made, of whose room the driver tells. */
function usesByClass(choices: readonly Choice[]): Map<string, Use> {
  const uses = new Map<string, Use>();
  const isFound = choices.some(({ volume }) => volume);
  for (const { claim, volume, room } of choices) {
    const capacity = isFound ? volume?.spec.capacity?.storage : room;
    if (capacity === undefined) continue;
    const storageClass = claim.spec.storageClassName ?? "";
    const before = uses.get(storageClass) ?? { requested: 0, capacity: 0 };
    const all = parseQuantity(capacity).value();
    uses.set(storageClass, {
      requested: before.requested + requested(claim),
      // All that are made of a class come from the same room.
      capacity: isFound ? before.capacity + all : all,
    });
  }
  return uses;
}

const requested = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec.resources.requests?.storage ?? "0").value();
