/** What the tables of workloads show of their pods' template. */
import type { PodTemplateSpec } from "../generated/types/core-v1.ts";
import { wide } from "../table.ts";

export const containerColumns = [wide("Containers"), wide("Images")];

export function containerCells(template: PodTemplateSpec | undefined): [names: string, images: string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map(({ name }) => name).join(","), containers.map(({ image }) => image ?? "").join(",")];
}
