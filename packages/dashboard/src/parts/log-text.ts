/**
 * A buffer's lines on the page. Only what is new is written, as text and not as parts of Preact's, so that thousands of lines a second can be
 * followed. Holds: the end stays in sight until somebody scrolls up.
 */
import { type LineStyle, type LogBuffer, type ShownLine, textOf } from "./log-buffer.ts";

interface Shown {
  readonly element: HTMLElement;
  /** How many lines of the piece it has, or had to choose from. */
  count: number;
}

/** Nearer to the end than this is at the end. */
const NEAR_PX = 8;

export class LogText {
  readonly #root: HTMLElement;
  readonly #shown = new Map<readonly ShownLine[], Shown>();
  #style: LineStyle = { filter: "", timestamps: false, names: false };
  #isAtEnd = true;

  constructor(root: HTMLElement, atEnd: (isAtEnd: boolean) => void) {
    this.#root = root;
    root.addEventListener("scroll", () => {
      this.#isAtEnd = root.scrollTop + root.clientHeight >= root.scrollHeight - NEAR_PX;
      atEnd(this.#isAtEnd);
    });
  }

  show(buffer: LogBuffer, style: LineStyle): void {
    if (JSON.stringify(style) !== JSON.stringify(this.#style)) this.#clear();
    this.#style = style;
    const pieces = new Set<readonly ShownLine[]>(buffer.pieces);
    for (const [piece, { element }] of this.#shown)
      if (!pieces.has(piece)) {
        element.remove();
        this.#shown.delete(piece);
      }
    for (const piece of pieces) {
      const shown = this.#shown.get(piece) ?? this.#begin(piece);
      if (shown.count === piece.length) continue;
      shown.element.append(textOf(piece.slice(shown.count), style));
      shown.count = piece.length;
    }
    if (this.#isAtEnd) this.toEnd();
  }

  toEnd(): void {
    this.#root.scrollTop = this.#root.scrollHeight;
  }

  #begin(piece: readonly ShownLine[]): Shown {
    const element = document.createElement("div");
    this.#root.append(element);
    const shown = { element, count: 0 };
    this.#shown.set(piece, shown);
    return shown;
  }

  #clear(): void {
    this.#root.replaceChildren();
    this.#shown.clear();
  }
}
