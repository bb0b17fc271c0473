/** A score of 0..100 by how much of something is used, in percent: linear between the points of a configured shape, flat beyond them. */
import { ConfigError } from "@kubets/machinery/config-file";
import { MAX_SCORE } from "./scoring.ts";

/** At this utilization (percent) this score (0..10). */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

const MAX_UTILIZATION = 100;
const MAX_POINT_SCORE = 10;

/** Throws a ConfigError where the shape is none. */
export function scoreByShape(shape: readonly ShapePoint[]): (utilization: number) => number {
  const [problem] = shapeProblems(shape);
  if (problem) throw new ConfigError(problem);
  const points = shape.map(({ utilization, score }) => ({
    utilization,
    score: score * (MAX_SCORE / MAX_POINT_SCORE),
  }));
  return (utilization) => {
    for (const [i, { utilization: end, score }] of points.entries()) {
      if (utilization > end) continue;
      const before = points[i - 1];
      if (!before) return score;
      const part = ((score - before.score) * (utilization - before.utilization)) / (end - before.utilization);
      return before.score + Math.trunc(part);
    }
    return points.at(-1)?.score ?? 0;
  };
}

function shapeProblems(shape: readonly ShapePoint[]): string[] {
  if (shape.length === 0) return ["shape: Required value: at least one point must be specified"];
  return shape.flatMap(({ utilization, score }, i) => {
    const invalid = (field: string, value: number, detail: string) =>
      `shape[${i}].${field}: Invalid value: ${value}: ${detail}`;
    const problems: string[] = [];
    if (!(utilization >= 0 && utilization <= MAX_UTILIZATION))
      problems.push(invalid("utilization", utilization, `not in valid range [0-${MAX_UTILIZATION}]`));
    if (i > 0 && utilization <= (shape[i - 1] as ShapePoint).utilization)
      problems.push(invalid("utilization", utilization, "utilization values must be sorted in increasing order"));
    if (!(score >= 0 && score <= MAX_POINT_SCORE))
      problems.push(invalid("score", score, `not in valid range [0-${MAX_POINT_SCORE}]`));
    return problems;
  });
}
