/**
 * Columns of text with tabs as elastic stops, as Go's tabwriter lays them out: a column is as wide as its widest cell in
 * consecutive lines; what stands behind a line's last tab belongs to no column.
 */
interface TabOptions {
  readonly minWidth: number;
  readonly padding: number;
  /** Widths that earlier texts had; they are kept at least, and brought up to date. */
  readonly remembered?: number[];
}

/** Tables of objects. */
const TABLE: TabOptions = { minWidth: 6, padding: 3 };
/** Descriptions. */
export const DESCRIPTION: TabOptions = { minWidth: 0, padding: 2 };

export function alignTabs(text: string, options: TabOptions): string {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const widths = lines.map((): number[] => []);
  const columns = Math.max(...lines.map((cells) => cells.length - 1));
  for (let column = 0; column < columns; column++) {
    for (let start = 0; start < lines.length; ) {
      const end = endOfBlock(lines, start, column);
      const width = blockWidth(lines.slice(start, end), column, options);
      for (let line = start; line < end; line++) (widths[line] as number[])[column] = width;
      start = Math.max(end, start + 1);
    }
  }
  return lines.map((cells, line) => cells.map((cell, i) => padded(cell, widths[line]?.[i])).join("")).join("\n");
}

function endOfBlock(lines: readonly string[][], start: number, column: number): number {
  let end = start;
  while (end < lines.length && (lines[end] as string[]).length > column + 1) end++;
  return end;
}

function blockWidth(block: readonly string[][], column: number, { minWidth, padding, remembered }: TabOptions): number {
  let width = minWidth;
  for (const cells of block) width = Math.max(width, lengthOf(cells[column] ?? "") + padding);
  if (!remembered || block.length === 0) return width;
  width = Math.max(width, remembered[column] ?? 0);
  remembered[column] = width;
  return width;
}

/** In letters, not in the units that JavaScript counts. */
const lengthOf = (text: string): number => (/[^\0-\x7f]/.test(text) ? Array.from(text).length : text.length);

const padded = (cell: string, width: number | undefined): string =>
  width === undefined ? cell : cell + " ".repeat(Math.max(0, width - lengthOf(cell)));

/** Rows as a table, each line ended. */
export const tableText = (rows: readonly (readonly string[])[], remembered?: number[]): string =>
  rows.length === 0
    ? ""
    : alignTabs(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`, remembered ? { ...TABLE, remembered } : TABLE);
