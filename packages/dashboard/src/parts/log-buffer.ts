/** The last lines of logs, in pieces, so that the oldest can be let go at once. Pure. */
import type { LogLine } from "../server/log-lines.ts";

export interface ShownLine extends LogLine {
  /** Whose line it is, where several are shown. */
  readonly from: string;
}

export const KEPT_LINES = 10_000;
const PIECE = 500;

export class LogBuffer {
  /** Only the last of them gets longer. */
  readonly pieces: ShownLine[][] = [];
  #kept = 0;
  #leftOut = 0;

  /** How many lines are no longer there. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get size(): number {
    return this.#kept;
  }

  add(lines: readonly ShownLine[]): void {
    for (let at = 0; at < lines.length; ) {
      let last = this.pieces.at(-1);
      if (!last || last.length >= PIECE) this.pieces.push((last = []));
      const part = lines.slice(at, at + PIECE - last.length);
      last.push(...part);
      at += part.length;
      this.#kept += part.length;
    }
    while (this.#kept - (this.pieces[0]?.length ?? 0) >= KEPT_LINES) {
      const gone = this.pieces.shift()?.length ?? 0;
      this.#kept -= gone;
      this.#leftOut += gone;
    }
  }
}

export interface LineStyle {
  readonly filter: string;
  readonly timestamps: boolean;
  readonly names: boolean;
}

/** The lines that are shown, as one text. */
export function textOf(lines: readonly ShownLine[], { filter, timestamps, names }: LineStyle): string {
  const wanted = filter.toLowerCase();
  let text = "";
  for (const line of lines) {
    if (wanted && !line.text.toLowerCase().includes(wanted)) continue;
    if (names && line.from) text += `[${line.from}] `;
    if (timestamps && line.time) text += `${line.time} `;
    text += `${line.text}\n`;
  }
  return text;
}
