/** The images of nodes as a table; a name stands once, with the nodes that have it. */

const UNITS = ["B", "kB", "MB", "GB"];

export interface NodeImages {
  readonly node: string;
  readonly images: readonly {
    readonly id: string;
    readonly repoTags: readonly string[];
    readonly size: number | bigint;
  }[];
}

export function imageTable(found: readonly NodeImages[]): string {
  const rows = new Map<string, { id: string; size: number; nodes: string[] }>();
  for (const { node, images } of found) {
    for (const { id, repoTags, size } of images) {
      for (const name of repoTags.length > 0 ? repoTags : ["<none>"]) {
        const row = rows.get(`${name} ${id}`) ?? { id, size: Number(size), nodes: [] };
        row.nodes.push(node);
        rows.set(`${name} ${id}`, row);
      }
    }
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { id, size, nodes }]) => [
      key.split(" ")[0] as string,
      id.replace(/^sha256:/, "").slice(0, 12),
      humanSize(size),
      nodes.join(","),
    ]);
  const table = [["IMAGE", "ID", "SIZE", "NODES"], ...lines];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] as string).length)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("   ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** With three digits at most, as 12.3MB. */
function humanSize(bytes: number): string {
  let unit = 0;
  for (; bytes >= 1000 && unit < UNITS.length - 1; unit++) bytes /= 1000;
  return `${Number(bytes.toPrecision(3))}${UNITS[unit]}`;
}
