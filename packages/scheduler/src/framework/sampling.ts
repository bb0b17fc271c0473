/** How many feasible nodes are enough: the bigger the cluster, the smaller the part of it that is looked at. */
const MIN_FEASIBLE_NODES = 100;
const MIN_PERCENTAGE = 5;

/** `percentage` 0 or absent: by the size of the cluster (50 % of a small one, 10 % of 5,000 nodes, never below 5 %). */
export function numFeasibleNodesToFind(nodes: number, percentage = 0): number {
  if (nodes < MIN_FEASIBLE_NODES || percentage >= 100) return nodes;
  const part = percentage > 0 ? percentage : Math.max(MIN_PERCENTAGE, 50 - Math.trunc(nodes / 125));
  return Math.max(MIN_FEASIBLE_NODES, Math.trunc((nodes * part) / 100));
}
